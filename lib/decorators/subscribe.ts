import type {
  BrokerDefinition,
  BrokerMessage,
  Lenient,
  SettingsOf,
  SourceOf,
  StandardSchema,
  SubscribeOptions,
} from '../driver/index.js';
import type { Bound } from './bound.js';
import type { Configurable, FromConfig } from './from-config.js';
import { instanceMethod } from './instance-method.js';
import { addSubscription } from './metadata.js';

/** Nest's watermark of what `@Resolver` sets too: without it request-scoped `APP_*` enhancers skip a provider. */
const ENTRY_PROVIDER = '__entryProvider__';

/** What a schema gives. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** What a schema takes. */
type InputOf<S> = S extends StandardSchema ? NonNullable<S['~standard']['types']>['input'] : unknown;

/** What only a decorated handler has. */
export interface HandlerSettings {
  /** `false` leaves the handler out, which is logged at the start. Default `true`. */
  readonly enabled?: boolean;
}

/** What is the same with and without a schema, and what of the source's own options may stand beside it. */
type Settings<K extends string> = Omit<SubscribeOptions, 'schema' | 'filter'> & HandlerSettings & SettingsOf<K>;

/** The options beside a schema: the filter is given what the schema takes. */
interface Validation<S extends StandardSchema | undefined> {
  readonly schema?: S;
  readonly filter?: Lenient<[message: BrokerMessage<InputOf<S>>], boolean>;
}

/** Without a schema nothing is known of the payload, and any parameter type is taken. */
type PayloadOf<S extends StandardSchema | undefined> = S extends StandardSchema ? OutputOf<S> : never;

/**
 * Calls the method for each message of the source. On providers and controllers; repeatable, each one a binding of
 * its own; together with `@PublishTo` in any order.
 *
 * By a definition object the source is typed by the broker's kind. By name all sources are accepted, and a wrong one
 * is told when the application starts. With a `schema` it is checked that a parameter takes the payload, or a
 * property of it.
 *
 * @param broker name or definition of the broker
 * @param source topic, subject or queue: a string, or what the kind's own function returns
 * @param options or what `fromConfig()` makes of what is injected, as each single one may be
 */
export function Subscribe<K extends string, S extends StandardSchema | undefined = undefined>(
  broker: string | BrokerDefinition<K>,
  source: SourceOf<K> | FromConfig<SourceOf<K>>,
  options?: (Configurable<Settings<K>> & Validation<S>) | FromConfig<Settings<K> & Validation<S>>,
): Bound<PayloadOf<S>> {
  return (target, key, descriptor) => {
    const method = instanceMethod('@Subscribe', target, key, descriptor);
    addSubscription(method, { broker, source, options: options ?? {} });
    Reflect.defineMetadata(ENTRY_PROVIDER, true, target.constructor);
  };
}

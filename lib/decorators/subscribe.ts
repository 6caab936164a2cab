import type {
  BrokerDefinition,
  BrokerMessage,
  Lenient,
  SourceOf,
  StandardSchema,
  SubscribeOptions,
} from '../driver/index.js';
import type { Bound } from './bound.js';
import { instanceMethod } from './instance-method.js';
import { addSubscription } from './metadata.js';

/** Nest's watermark of what `@Resolver` sets too: without it request-scoped `APP_*` enhancers skip a provider. */
const ENTRY_PROVIDER = '__entryProvider__';

/** What a schema gives. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** What a schema takes. */
type InputOf<S> = S extends StandardSchema ? NonNullable<S['~standard']['types']>['input'] : unknown;

/** The options beside a schema: the filter is given what the schema takes. */
type OptionsWith<S extends StandardSchema | undefined> = Omit<SubscribeOptions, 'schema' | 'filter'> & {
  readonly schema?: S;
  readonly filter?: Lenient<[message: BrokerMessage<InputOf<S>>], boolean>;
};

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
 */
export function Subscribe<K extends string, S extends StandardSchema | undefined = undefined>(
  broker: string | BrokerDefinition<K>,
  source: SourceOf<K>,
  options?: OptionsWith<S>,
): Bound<PayloadOf<S>> {
  return (target, key, descriptor) => {
    const method = instanceMethod('@Subscribe', target, key, descriptor);
    addSubscription(method, { broker, source, options: options ?? {} });
    Reflect.defineMetadata(ENTRY_PROVIDER, true, target.constructor);
  };
}

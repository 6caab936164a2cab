import type {
  BatchContext,
  BatchOptions,
  BrokerDefinition,
  BrokerMessage,
  ConcurrencyOptions,
  DestinationOf,
  Lenient,
  MessageFilter,
  OutgoingEach,
  OutgoingMessage,
  PublishToOptions,
  SchemaInput,
  SchemaOutput,
  SettingsOf,
  Source,
  SourceOf,
  StandardSchema,
  SubscribeOptions,
} from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import {
  addPublisher,
  addSubscription,
  type Configurable,
  type DecoratedMethod,
  type FromConfig,
  isFromConfig,
  OF_CLASS,
  type SubscribeMetadata,
} from './metadata.js';

/** Nest's watermark, which `@Resolver` sets too: without it request-scoped `APP_*` enhancers skip a provider. */
const ENTRY_PROVIDER = '__entryProvider__';

/** Input type of a schema; without one nothing is known. */
type InputOf<S> = S extends StandardSchema ? SchemaInput<S> : unknown;

/** Options of decorated handlers only. */
export interface HandlerSettings {
  /** `false` leaves the handler out, which is logged at the start. Default `true`. */
  readonly enabled?: boolean;
}

/** Options that do not depend on the schema, including those that belong to the source. */
type Settings<K extends string> = Omit<SubscribeOptions, 'schema' | 'filter' | 'concurrency' | 'batch'> &
  HandlerSettings &
  SettingsOf<K>;

/** The option that depends on the schema and may be a `fromConfig()` by itself: the order receives its input. */
interface Ordering<S extends StandardSchema | undefined> {
  readonly concurrency?:
    | number
    | (Omit<ConcurrencyOptions, 'orderBy'> & {
        readonly orderBy?: 'key' | 'none' | Lenient<[message: BrokerMessage<InputOf<S>>], string | undefined>;
      });
}

/** The option `batch`, if there is one. */
type Batching = BatchOptions | FromConfig<BatchOptions | undefined> | undefined;

/** Options that depend on the schema: the filter receives its input. */
interface Validation<S extends StandardSchema | undefined, B extends Batching> {
  readonly schema?: S;
  readonly batch?: B;
  readonly filter?: MessageFilter<InputOf<S>>;
}

/** Without a schema the payload is unknown, and any parameter type is accepted. */
type PayloadOf<S extends StandardSchema | undefined, B extends Batching> = S extends StandardSchema
  ? [B] extends [undefined]
    ? SchemaOutput<S>
    : SchemaOutput<S>[]
  : never;

/**
 * The same in a class with `@Handlers({ broker })`, whose broker it reads.
 *
 * @param options the options; each one, not all together, may be a `fromConfig()`
 */
export function Subscribe<S extends StandardSchema | undefined = undefined, B extends Batching = undefined>(
  source: SourceOfClass | FromConfig<SourceOfClass>,
  options?: Configurable<Settings<string> & Ordering<S>> & Validation<S, B> & { readonly kind?: never },
): HandlerDecorator<PayloadOf<S, B>>;
/**
 * Calls the method for each message of the source. For methods of providers and controllers; may be repeated, each
 * creating a binding of its own, and combined with `@PublishTo` in any order.
 *
 * With a definition object, the compiler checks that the source suits the broker's kind; with a name, the wiring check
 * at the start does. With a `schema`, the compiler checks that a parameter accepts the payload or a property of it; with
 * `batch`, an array of payloads.
 *
 * @param broker name or definition of the broker
 * @param source topic, subject or queue: a string, or a source such as `topic()` or `stream()` returns
 * @param options the options; all of them, or each one, may be a `fromConfig()`
 */
export function Subscribe<
  K extends string,
  S extends StandardSchema | undefined = undefined,
  B extends Batching = undefined,
>(
  broker: string | BrokerDefinition<K>,
  source: SourceOf<K> | FromConfig<SourceOf<K>>,
  options?:
    | (Configurable<Settings<K> & Ordering<S>> & Validation<S, B>)
    | FromConfig<Settings<K> & Ordering<S> & Validation<S, BatchOptions>>,
): HandlerDecorator<PayloadOf<S, B>>;
export function Subscribe(...written: readonly unknown[]) {
  return (target: object, key: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = instanceMethod('@Subscribe', target, key, descriptor);
    addSubscription(method, subscriptionOf(written));
    Reflect.defineMetadata(ENTRY_PROVIDER, true, target.constructor);
  };
}

/** A source of the class's broker; not a definition, which looks like a source of any kind. */
type SourceOfClass = string | (Source & { readonly driver?: never });

/** With a source as second argument the first is the broker, also where one is missing by mistake. */
function subscriptionOf(written: readonly unknown[]): SubscribeMetadata {
  const [first, second, third] = written;
  const [broker, source, options] =
    written.length > 2 || (written.length === 2 && isSource(second))
      ? [first, second, third]
      : [OF_CLASS, first, second];
  return { broker, source, options: options ?? {} } as SubscribeMetadata;
}

function isSource(value: unknown): boolean {
  return typeof value !== 'object' || value === null || 'kind' in value || isFromConfig(value);
}

/**
 * Publishes the method's return value; see "Return values" for when it is no, one or several messages. May be repeated:
 * the publishers run in sequence, closest to the method first. Requires `@Subscribe` on the same method.
 *
 * With a `schema`, the compiler checks that it takes what the method returns. Where an interceptor changes the result,
 * declare the method's return type as `unknown`.
 *
 * @param broker name or definition of the broker
 * @param destination topic or subject: a string, or a destination object of the broker's kind
 * @param options the options; all of them, or each one, may be a `fromConfig()`
 */
export function PublishTo<K extends string, S extends StandardSchema | undefined = undefined>(
  broker: string | BrokerDefinition<K>,
  destination: DestinationOf<K> | FromConfig<DestinationOf<K>>,
  options: (Configurable<Publishing> & Validated<S>) | FromConfig<Publishing & Validated<S>> = {},
): ResultDecorator<S extends StandardSchema ? SchemaInput<S> : never> {
  return (target, key, descriptor) => {
    addPublisher(instanceMethod('@PublishTo', target, key, descriptor), { broker, destination, options });
  };
}

/**
 * A decorator for methods that accept the payload P: any parameter takes P, or one of its properties as with
 * `@Payload('id')`. Methods without parameters, or with the context only, fit too. In TypeScript a decorator can check
 * a parameter's type, but not infer it.
 */
export type HandlerDecorator<P> = <M extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Checked<P, Parameters<M>>,
) => void;

/** Options of a publisher that do not depend on its schema. */
type Publishing = Omit<PublishToOptions, 'schema'>;

interface Validated<S extends StandardSchema | undefined> {
  readonly schema?: S;
}

/** A decorator for methods whose result, or each item of it, a schema with the input P takes. */
export type ResultDecorator<P> = <M extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Returning<P, ReturnType<M>>,
) => void;

/** The property name is the text that the compiler prints. */
type Returning<P, R> = [P] extends [never]
  ? unknown
  : [ItemOf<R>] extends [P]
    ? unknown
    : { readonly 'The schema does not take what the method returns': P };

/** One published item of a result; `never` where nothing is published, or nothing is known. */
type ItemOf<R> = unknown extends R
  ? never
  : R extends OutgoingMessage<infer Item>
    ? ItemOf<Item>
    : R extends
          | PromiseLike<infer Item>
          | AsyncIterable<infer Item>
          | OutgoingEach<infer Item>
          | { subscribe(next: (value: infer Item) => void): unknown }
      ? ItemOf<Item>
      : R extends undefined | void
        ? never
        : R;

/** The property name is the text that the compiler prints. */
type Checked<P, A extends readonly unknown[]> =
  Fits<P, A> extends true ? unknown : { readonly 'No parameter accepts the output of the schema': P };

type Fits<P, A extends readonly unknown[]> =
  'payload' extends RolesOf<P, A> ? true : [RolesOf<P, A>] extends ['context'] ? true : false;

type RolesOf<P, A extends readonly unknown[]> = { [I in keyof A]-?: RoleOf<P, A[I]> }[number];

type RoleOf<P, Parameter> = [P] extends [Parameter]
  ? 'payload'
  : [BatchContext] extends [Parameter]
    ? 'context'
    : true extends TakesProperty<P, Parameter>
      ? 'payload'
      : 'other';

/** Only for objects: the properties of strings and arrays are their methods. */
type TakesProperty<P, Parameter> = P extends readonly unknown[]
  ? false
  : P extends object
    ? { [K in keyof P]-?: [P[K]] extends [Parameter] ? true : false }[keyof P]
    : false;

/** The decorated method. Refuses a static method, which has no instance that Nest could call. */
export function instanceMethod(
  decorator: string,
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor,
): DecoratedMethod {
  if (typeof target !== 'function') return { prototype: target, name, method: descriptor.value as object };
  throw errorOf('MULTI_BROKER_WIRING.staticMethod', { decorator, handler: `${target.name}.${String(name)}` });
}

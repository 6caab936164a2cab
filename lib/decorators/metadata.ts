import type { BrokerDefinition, Destination, PublishToOptions, Source, SubscribeOptions } from '../driver/index.js';
import type { Configurable, FromConfig } from './from-config.js';

/** One `@Subscribe` as written. */
export interface SubscribeMetadata {
  readonly broker: string | BrokerDefinition;
  readonly source: string | Source | FromConfig<string | Source>;
  readonly options: Written<SubscribeOptions & { readonly enabled?: boolean }>;
}

/** One `@PublishTo` as written. */
export interface PublishToMetadata {
  readonly broker: string | BrokerDefinition;
  readonly destination: string | Destination | FromConfig<string | Destination>;
  readonly options: Written<PublishToOptions>;
}

/** Options, or what gives them. */
type Written<T> = Configurable<T> | FromConfig<T>;

// Strings, so that handlers decorated by another copy of the package are found too, and can be told of.
const SUBSCRIBE = 'nestjs-multi-broker:subscribe';
const PUBLISH_TO = 'nestjs-multi-broker:publish-to';
const METHODS = 'nestjs-multi-broker:methods';
const NO_NAMES: ReadonlySet<string> = new Set();
const DECORATED = Symbol.for('nestjs-multi-broker:decorated');

/**
 * Methods, and the prototypes on which they were decorated; of all copies. Looking for metadata on every method of an
 * application costs more than its start.
 */
const decorated = ((globalThis as { [DECORATED]?: WeakSet<object> })[DECORATED] ??= new WeakSet());

/** Whether the method has subscriptions or publishers; not of one that another decorator has put in its place. */
export function isDecorated(method: unknown): boolean {
  return decorated.has(method as object);
}

/** The same, also of one that another decorator has put in its place and given the metadata to. Takes longer. */
export function isHandler(method: unknown): boolean {
  if (isDecorated(method)) return true;
  if (typeof method !== 'function') return false;
  return Reflect.hasOwnMetadata(SUBSCRIBE, method) || Reflect.hasOwnMetadata(PUBLISH_TO, method);
}

/** Names of the methods that were decorated in this very class. */
export function decoratedNames(prototype: object): ReadonlySet<string | symbol> {
  return (Reflect.getOwnMetadata(METHODS, prototype) as ReadonlySet<string | symbol> | undefined) ?? NO_NAMES;
}

/** Whether a method was decorated in this class or in one that it extends. */
export function hasDecorated(prototype: object): boolean {
  for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    if (decorated.has(one)) return true;
  }
  return false;
}

/** The subscriptions of a method, closest to the method first. */
export function subscriptionsOf(method: object): readonly SubscribeMetadata[] {
  return (Reflect.getOwnMetadata(SUBSCRIBE, method) as readonly SubscribeMetadata[] | undefined) ?? [];
}

/** The publishers of a method, closest to the method first. */
export function publishersOf(method: object): readonly PublishToMetadata[] {
  return (Reflect.getOwnMetadata(PUBLISH_TO, method) as readonly PublishToMetadata[] | undefined) ?? [];
}

/** A decorated method of a class. */
export interface DecoratedMethod {
  readonly prototype: object;
  readonly name: string | symbol;
  readonly method: object;
}

/** `SetMetadata` would keep the outermost only. */
export function addSubscription(to: DecoratedMethod, subscription: SubscribeMetadata): void {
  add(SUBSCRIBE, [...subscriptionsOf(to.method), subscription], to);
}

export function addPublisher(to: DecoratedMethod, publisher: PublishToMetadata): void {
  add(PUBLISH_TO, [...publishersOf(to.method), publisher], to);
}

function add(key: string, all: readonly unknown[], { prototype, name, method }: DecoratedMethod): void {
  decorated.add(prototype);
  decorated.add(method);
  Reflect.defineMetadata(METHODS, new Set([...decoratedNames(prototype), name]), prototype);
  Reflect.defineMetadata(key, all, method);
}

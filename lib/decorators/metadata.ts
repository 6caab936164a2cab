import type { BrokerDefinition, Destination, PublishToOptions, Source, SubscribeOptions } from '../driver/index.js';

/** Stands for the broker of the class: `@Handlers({ broker })`. */
export const OF_CLASS = Symbol.for('nestjs-multi-broker:of-class');

/** One `@Subscribe` as written. */
export interface SubscribeMetadata {
  readonly broker: string | BrokerDefinition | typeof OF_CLASS;
  readonly source: string | Source | FromConfig<string | Source>;
  readonly options: Written<SubscribeOptions & { readonly enabled?: boolean }>;
}

/** One `@PublishTo` as written. */
export interface PublishToMetadata {
  readonly broker: string | BrokerDefinition;
  readonly destination: string | Destination | FromConfig<string | Destination>;
  readonly options: Written<PublishToOptions>;
}

/** Options, or a `fromConfig()` that yields them. */
type Written<T> = Configurable<T> | FromConfig<T>;

// Strings rather than symbols, so that handlers decorated by another copy of the package are found and reported.
const SUBSCRIBE = 'nestjs-multi-broker:subscribe';
const PUBLISH_TO = 'nestjs-multi-broker:publish-to';
const METHODS = 'nestjs-multi-broker:methods';
const NO_NAMES: ReadonlySet<string> = new Set();
const DECORATED = Symbol.for('nestjs-multi-broker:decorated');

/**
 * Decorated methods and their prototypes, shared by all copies of the package. Reading the metadata of every method of
 * an application would take longer than its start.
 */
const decorated = ((globalThis as { [DECORATED]?: WeakSet<object> })[DECORATED] ??= new WeakSet());

/** Whether the method was decorated; false for a replacement that another decorator has put in its place. */
export function isDecorated(method: unknown): boolean {
  return decorated.has(method as object);
}

/** Like {@link isDecorated}, but also true for a replacement that was given the metadata. Slower. */
export function isHandler(method: unknown): boolean {
  if (isDecorated(method)) return true;
  if (typeof method !== 'function') return false;
  return Reflect.hasOwnMetadata(SUBSCRIBE, method) || Reflect.hasOwnMetadata(PUBLISH_TO, method);
}

/** Names of the methods decorated in this class, without inherited ones. */
export function decoratedNames(prototype: object): ReadonlySet<string | symbol> {
  return (Reflect.getOwnMetadata(METHODS, prototype) as ReadonlySet<string | symbol> | undefined) ?? NO_NAMES;
}

/** Whether a method was decorated in this class or an ancestor. */
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

/** Appends to the list: `SetMetadata` would keep only the outermost decorator. */
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

const FROM_CONFIG = Symbol.for('nestjs-multi-broker:from-config');

/** An injection token: a class, string or symbol. */
export type ConfigToken<I> = string | symbol | (abstract new (...args: never[]) => I);

/** A value of a decorator that is resolved when the application starts; created by {@link fromConfig}. */
export interface FromConfig<T> {
  readonly [FROM_CONFIG]: true;
  readonly token: ConfigToken<unknown>;
  readonly read: (injected: never) => T;
}

/** Options, each of which may be a {@link fromConfig}. */
export type Configurable<T> = { readonly [K in keyof T]: T[K] | FromConfig<T[K]> };

/**
 * Computes a source, a destination, the options or a single option from an injected provider, since decorators are
 * evaluated before configuration is loaded. The function is called once, before the wiring check.
 *
 * @param token a class, or the token of a provider that lives as long as the application
 * @param read returns the value itself, not a promise
 * @example `@Subscribe('orders', 'incoming', fromConfig(ConfigService, (config) => ({ groupId: config.get('GROUP') })))`
 * @example `@Subscribe('orders', 'incoming', { enabled: fromConfig('FEATURES', (features: Features) => features.orders) })`
 */
export function fromConfig<I, T>(token: ConfigToken<I>, read: (injected: I) => T): FromConfig<T> {
  return { [FROM_CONFIG]: true, token, read };
}

export function isFromConfig(value: unknown): value is FromConfig<unknown> {
  return typeof value === 'object' && value !== null && FROM_CONFIG in value;
}

import type { BrokerDefinition, Destination, PublishToOptions, Source, SubscribeOptions } from '../driver/index.js';

/** One `@Subscribe` as written. */
export interface SubscribeMetadata {
  readonly broker: string | BrokerDefinition;
  readonly source: string | Source;
  readonly options: SubscribeOptions;
}

/** One `@PublishTo` as written. */
export interface PublishToMetadata {
  readonly broker: string | BrokerDefinition;
  readonly destination: string | Destination;
  readonly options: PublishToOptions;
}

// Strings, so that handlers decorated by another copy of the package are found too, and can be told of.
const SUBSCRIBE = 'nestjs-multi-broker:subscribe';
const PUBLISH_TO = 'nestjs-multi-broker:publish-to';
const DECORATED = Symbol.for('nestjs-multi-broker:decorated');

/**
 * Methods, and the prototypes on which they were decorated; of all copies. Looking for metadata on every method of an
 * application costs more than its start.
 */
const decorated = ((globalThis as { [DECORATED]?: WeakSet<object> })[DECORATED] ??= new WeakSet());

/** Whether the method has subscriptions or publishers. */
export function isDecorated(method: unknown): boolean {
  return decorated.has(method as object);
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

/** `SetMetadata` would keep the outermost only. */
export function addSubscription(prototype: object, method: object, subscription: SubscribeMetadata): void {
  decorated.add(prototype);
  add(SUBSCRIBE, [...subscriptionsOf(method), subscription], method);
}

export function addPublisher(prototype: object, method: object, publisher: PublishToMetadata): void {
  decorated.add(prototype);
  add(PUBLISH_TO, [...publishersOf(method), publisher], method);
}

function add(key: string, all: readonly unknown[], method: object): void {
  decorated.add(method);
  Reflect.defineMetadata(key, all, method);
}

import type { NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import { isOutgoingEach, isOutgoingMessage, outgoing } from '../driver/index.js';
import { isThenable } from './thenable.js';

/** What ClassSerializerInterceptor and StandardSchemaSerializerInterceptor (Nest 12) have in common. */
interface Serializer extends NestInterceptor {
  serialize(response: unknown, ...options: unknown[]): unknown;
  transformToPlain(plainOrClass: unknown, ...options: unknown[]): unknown;
}

type Serialize = (value: unknown) => unknown;

/** A handler's AsyncIterable on its way through a serializer: one that is in no class of ours is Nest's to treat. */
class Streamed implements AsyncIterable<unknown> {
  constructor(readonly items: AsyncIterable<unknown>) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.items[Symbol.asyncIterator]();
  }
}

const taught = new WeakSet<object>();

/**
 * Nest's serializers make plain objects of all that they see: of `outgoing()` one of payload, key and headers, of
 * `outgoing.each` a single one. They are given the payloads instead.
 *
 * The instance itself is taught, as a view of it would lack the private members of a class that extends Nest's. It
 * treats nothing else otherwise than before, for it may serve HTTP too.
 */
export function keepingOutgoing(interceptor: NestInterceptor): NestInterceptor {
  if (!isSerializer(interceptor)) return interceptor;
  teach(interceptor);
  return {
    intercept: (context, next) => interceptor.intercept(context, { handle: () => next.handle().pipe(map(marked)) }),
  };
}

function isSerializer(interceptor: NestInterceptor): interceptor is Serializer {
  const { serialize, transformToPlain } = interceptor as Partial<Serializer>;
  return typeof serialize === 'function' && typeof transformToPlain === 'function';
}

function teach(serializer: Serializer): void {
  if (taught.has(serializer)) return;
  taught.add(serializer);
  const own = serializer.serialize.bind(serializer);
  serializer.serialize = (response, ...options) => serialized(response, (value) => own(value, ...options));
}

/** Bytes are no object to be serialized either: class-transformer makes one of their indices. */
function marked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return outgoing(value);
  return Symbol.asyncIterator in value ? new Streamed(value as AsyncIterable<unknown>) : value;
}

function serialized(value: unknown, serialize: Serialize): unknown {
  if (isOutgoingMessage(value)) {
    if (value.payload instanceof Uint8Array) return value;
    return after(serialize(value.payload), (payload) => outgoing(payload, value));
  }
  if (isOutgoingEach(value)) {
    const items = value.items.map((item) => serialized(marked(item), serialize));
    return items.some(isThenable) ? Promise.all(items).then(outgoing.each) : outgoing.each(items);
  }
  return value instanceof Streamed ? eachOf(value.items, serialize) : serialize(value);
}

async function* eachOf(items: AsyncIterable<unknown>, serialize: Serialize): AsyncGenerator {
  for await (const item of items) yield await serialized(marked(item), serialize);
}

function after(value: unknown, make: (value: unknown) => unknown): unknown {
  return isThenable(value) ? Promise.resolve(value).then(make) : make(value);
}

import type { NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import { isOutgoingEach, isOutgoingMessage, outgoing } from '../../driver/index.js';
import { isThenable } from '../../async/index.js';

/** The common interface of ClassSerializerInterceptor and StandardSchemaSerializerInterceptor (Nest 12). */
interface Serializer extends NestInterceptor {
  serialize(response: unknown, ...options: unknown[]): unknown;
  transformToPlain(plainOrClass: unknown, ...options: unknown[]): unknown;
}

type Serialize = (value: unknown) => unknown;

/** Marks a handler's AsyncIterable on its way through a serializer, which handles any other one as Nest does. */
class Streamed implements AsyncIterable<unknown> {
  constructor(readonly items: AsyncIterable<unknown>) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.items[Symbol.asyncIterator]();
  }
}

const patched = new WeakSet<object>();

/**
 * Makes Nest's serializers see the payloads within `outgoing()` and `outgoing.each`, which they would otherwise turn
 * into plain objects as a whole.
 *
 * Patches the instance itself, as a proxy would lack the private members of a class that extends Nest's. All other
 * values are handled as before, since the same instance may serve HTTP.
 */
export function keepingOutgoing(interceptor: NestInterceptor): NestInterceptor {
  if (!isSerializer(interceptor)) return interceptor;
  patch(interceptor);
  return {
    intercept: (context, next) => interceptor.intercept(context, { handle: () => next.handle().pipe(map(marked)) }),
  };
}

function isSerializer(interceptor: NestInterceptor): interceptor is Serializer {
  const { serialize, transformToPlain } = interceptor as Partial<Serializer>;
  return typeof serialize === 'function' && typeof transformToPlain === 'function';
}

function patch(serializer: Serializer): void {
  if (patched.has(serializer)) return;
  patched.add(serializer);
  const own = serializer.serialize.bind(serializer);
  serializer.serialize = (response, ...options) => serialized(response, (value) => own(value, ...options));
}

/** Wraps bytes and async iterables: class-transformer would turn bytes into an object of their indices. */
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

import { MultiBrokerError } from '../errors/index.js';
import type { DecoratedMethod } from './metadata.js';

/** The decorated method. A static one has no instance that Nest could call, and its class is no handler's. */
export function instanceMethod(
  decorator: string,
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor,
): DecoratedMethod {
  if (typeof target !== 'function') return { prototype: target, name, method: descriptor.value as object };
  const what = `${decorator} stands on the static method ${target.name}.${String(name)}; it belongs on a method of a provider or controller`;
  throw new MultiBrokerError('MULTI_BROKER_WIRING', what, { handler: `${target.name}.${String(name)}` });
}

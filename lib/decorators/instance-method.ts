import { MultiBrokerError } from '../errors/index.js';

/** The decorated method. A static one has no instance that Nest could call, and its class is no handler's. */
export function instanceMethod(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor,
): object {
  if (typeof target !== 'function') return descriptor.value as object;
  const what = `${decorator} stands on the static method ${target.name}.${String(key)}; it belongs on a method of a provider or controller`;
  throw new MultiBrokerError('MULTI_BROKER_WIRING', what, { handler: `${target.name}.${String(key)}` });
}

import type { Headers } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { Binding } from './binding.js';
import { hopsOf } from './headers.js';

/** Throws MULTI_BROKER_HOP_LIMIT for a message that was passed on too often, before the handler passes it on again. */
export function refuseLoop(headers: Headers, maxHops: number, binding: Binding): void {
  if (hopsOf(headers) < maxHops) return;
  const what = `A message on broker '${binding.broker}' was passed on ${String(maxHops)} times and reached ${binding.handler} again`;
  throw new MultiBrokerError('MULTI_BROKER_HOP_LIMIT', what, { broker: binding.broker, handler: binding.handler });
}

import { isThenable } from '../async/index.js';
import { NO_HEADERS } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { HandlerResult } from './binding.js';
import type { Cancellation } from './cancellation.js';
import type { AttemptContext } from './delivery-context.js';
import { refuseLoop } from './headers.js';
import type { LaneContext } from './lane-context.js';

/** A delivery whose call may have a limit. */
export interface TimeLimited {
  /** When a call with `maxProcessingMs` has to be over, by the clock of the brokers. */
  limitAt: number;
  readonly cancellation: Cancellation;
}

/** The delivery whose handler is called. */
interface Called extends TimeLimited {
  /** The binding's filter does not want the message. */
  skipped: boolean;
}

/**
 * Calls the handler if the binding's filter wants the message. Returns, throws or rejects as it does.
 *
 * @param wanted what the filter says
 */
export function callHandler(
  on: LaneContext,
  delivery: Called,
  context: AttemptContext,
  wanted = on.binding.filter?.(context) ?? true,
): unknown {
  const { binding, host } = on;
  if (typeof wanted === 'object')
    return wanted.then((later: unknown) => callHandler(on, delivery, context, Boolean(later)));
  if (!wanted) {
    delivery.skipped = true;
    return undefined;
  }
  if (binding.routes.length > 0) {
    const headers = context.message.textHeaders;
    if (headers !== NO_HEADERS) refuseLoop(headers, host.maxHops(), binding);
  }
  return binding.maxProcessingMs === undefined
    ? context.enterAndKeep(binding.handle)
    : callLimited(on, delivery, context, binding.maxProcessingMs);
}

/** Awaits all that the handler gives, within `maxProcessingMs`. */
function callLimited(on: LaneContext, delivery: Called, context: AttemptContext, limitMs: number): unknown {
  delivery.limitAt = on.host.clock.now() + limitMs;
  const returned = context.enterAndKeep(on.binding.handle);
  const items = isThenable(returned)
    ? returned.then((value) => itemsOf(value, on, context))
    : itemsOf(returned, on, context);
  return isThenable(items) ? watchProcessingTimeout(Promise.resolve(items), on, delivery) : items;
}

/** The result of the handler as items to publish. */
export function itemsOf(
  returned: unknown,
  { binding: { items } }: LaneContext,
  context: AttemptContext,
): HandlerResult | PromiseLike<HandlerResult> {
  if (items === undefined) return returned as HandlerResult;
  // An Observable is subscribed here.
  return isInstance(returned) ? context.enter(() => items(returned)) : items(returned);
}

/** Whether it is of a class: plain values and objects are spared the async scope. */
function isInstance(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}

/**
 * Reports a call that runs longer than `maxProcessingMs` and aborts its signal. Heartbeats go on while a handler runs,
 * so without this a stuck one would never be noticed. The call itself cannot be ended from outside: its lane waits. A
 * promise and the sequence that it resolves with are one call.
 */
export function watchProcessingTimeout<T>(
  running: Promise<T>,
  { lane, host, binding }: LaneContext,
  delivery: TimeLimited,
): Promise<T> {
  const limit = binding.maxProcessingMs ?? 0;
  const about = {};
  const lapse = (): void => {
    const { handler, broker } = binding;
    const error = errorOf('MULTI_BROKER_PROCESSING_TIMEOUT', { handler, ms: limit, lane: lane.name, broker });
    host.healthIssues.set(about, error.message);
    if (delivery.cancellation.cutAttempt(error)) host.log.error(error.message);
  };
  const leftMs = Math.max(0, delivery.limitAt - host.clock.now());
  const cancel = host.clock.after(leftMs, lapse, 'processing');
  // A promise of another library may have no finally().
  return Promise.resolve(running).finally(() => {
    cancel();
    host.healthIssues.clear(about);
  });
}

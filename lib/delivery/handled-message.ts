import { AsyncLocalStorage } from 'node:async_hooks';
import type { DeliveryContext } from './binding.js';

/** The attempt of a message that is being handled. */
export interface HandledAttempt extends DeliveryContext {
  /** A test's own record of it. */
  observed: unknown;
}

/**
 * The message that is being handled, for publishes by code meanwhile; of all applications of the process.
 *
 * Entered only where code may publish. On Node 20 and 22 an AsyncLocalStorage in use makes every promise of the process
 * more expensive (a message whose handler awaits twice: 0.65 µs, then 1.5 µs), and a bridge has no use for it. A second
 * storage beside it would cost as much again.
 */
const handled = new AsyncLocalStorage<HandledAttempt>();

/** Applications whose code may publish. A number, so that one that is never closed is not kept alive. */
const following = new WeakSet();

/** How many applications have such code. A field of an object, as it is looked at for each message. */
export const FOLLOWERS = { count: 0 };

/** Code of this application may publish: from the next message on it is known which one is being handled. */
export function followHandled(application: object): void {
  if (following.has(application)) return;
  following.add(application);
  FOLLOWERS.count++;
}

/** The application is closed. After the last one that has followed messages, promises cost what they did. */
export function unfollowHandled(application: object): void {
  if (!following.delete(application)) return;
  if (--FOLLOWERS.count === 0) handled.disable();
}

/** Called within the async scope of the attempt, and ends with it. */
export function enterHandled(context: HandledAttempt): void {
  handled.enterWith(context);
}

/** The message whose handler, or something that it has begun, is the caller. */
export function handledNow(): HandledAttempt | undefined {
  return FOLLOWERS.count > 0 ? handled.getStore() : undefined;
}

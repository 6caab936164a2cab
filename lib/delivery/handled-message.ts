import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttemptContext } from './attempt-context.js';

/**
 * The message that is being handled, for who publishes by hand meanwhile; of all applications of the process.
 *
 * Entered only where somebody may publish by hand. On Node 20 and 22 an AsyncLocalStorage in use makes every promise
 * of the process dearer (a message whose handler awaits twice: 0.65 µs, then 1.5 µs), and a bridge has no use for it.
 */
const handled = new AsyncLocalStorage<AttemptContext>();
let follows = false;

/** Somebody may publish by hand: from the next message on it is known which one is being handled. */
export function followHandled(): void {
  follows = true;
}

export function isHandledFollowed(): boolean {
  return follows;
}

/** Called within the async scope of the attempt, and ends with it. */
export function enterHandled(context: AttemptContext): void {
  handled.enterWith(context);
}

/** The message whose handler, or whatever that has begun, calls now. */
export function handledNow(): AttemptContext | undefined {
  return follows ? handled.getStore() : undefined;
}

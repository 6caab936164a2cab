/** What of kafkajs's queue of requests matters here. */
interface Queue {
  readonly pending: { readonly length: number };
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

// kafkajs has no `exports`, and no public way to this.
const QUEUE = 'kafkajs/src/network/requestQueue/index.js';
const patched = new WeakSet<object>();

/**
 * kafkajs 2.2.4 sets a timer of 1 ms again and again for each connection, though nothing waits: 2,771 wake-ups in 3 s
 * (#1556, #1604, #1704, #1751; its pull requests #1667, #1755, #1768 are open). With this it sets one when a request
 * waits. It does nothing where the code is not the one it was written for.
 *
 * @returns whether it is in effect
 */
export async function calmTimers(load: () => Promise<unknown> = () => import(QUEUE)): Promise<boolean> {
  const module = (await load().catch(() => undefined)) as { default?: { prototype: Queue } } | undefined;
  const prototype = module?.default?.prototype;
  if (prototype === undefined) return false;
  if (patched.has(prototype)) return true;
  const original = Object.getOwnPropertyDescriptor(prototype, 'scheduleCheckPendingRequests')?.value as unknown;
  if (!isTheKnown(original)) return false;
  prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this);
  };
  patched.add(prototype);
  return true;
}

function isTheKnown(code: unknown): code is (this: Queue) => void {
  return typeof code === 'function' && /let scheduleAt = this\.throttledUntil - Date\.now\(\)/.test(String(code));
}

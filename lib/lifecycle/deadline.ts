import { type Clock, LazyAbortController } from '../driver/index.js';

/** A point in time on the module's clock, with a signal for what can be cut short. */
export class Deadline {
  private readonly ends: number;
  private readonly controller = new LazyAbortController();
  private readonly cancel: () => void;

  constructor(
    private readonly clock: Clock,
    ms: number,
    reason: () => Error,
    /** See {@link Clock.after}. */
    what?: string,
  ) {
    this.ends = clock.now() + ms;
    const lapse = (): void => {
      this.controller.abort(reason);
    };
    this.cancel = clock.after(ms, lapse, what);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get leftMs(): number {
    return Math.max(0, this.ends - this.clock.now());
  }

  /** Ends it early. */
  abort(reason: () => Error): void {
    this.cancel();
    this.controller.abort(reason);
  }

  /** No longer needed: its timer must not keep the process. */
  clear(): void {
    this.cancel();
  }

  /** The promise's value, or `undefined` when the deadline comes first. What it becomes later is not looked at. */
  async within<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.controller.aborted) {
      // Nobody else looks at it: a late rejection must not end the process.
      promise.catch(() => undefined);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const forget = this.controller.onAbort(() => {
        resolve(undefined);
      });
      promise.then(resolve, reject).finally(forget);
    });
  }
}

/** Rejects with the signal's reason as soon as it aborts; else as the promise does. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cut = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    const over = (): void => {
      signal.removeEventListener('abort', cut);
    };
    promise.then(over, over);
    promise.then(resolve, reject);
  });
}

import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.js';

/** A point in time on the module's clock, with an AbortSignal. */
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
    this.cancel = clock.after(ms, () => this.controller.abort(reason), what);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get leftMs(): number {
    return Math.max(0, this.ends - this.clock.now());
  }

  /** Expires the deadline early. */
  abort(reason: () => Error): void {
    this.cancel();
    this.controller.abort(reason);
  }

  /** Cancels the timer, which would keep the process alive. */
  clear(): void {
    this.cancel();
  }

  /** The promise's value, or `undefined` if the deadline expires first; a later rejection is ignored. */
  async within<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.controller.aborted) {
      // An unhandled rejection would end the process.
      promise.catch(() => undefined);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const forget = this.controller.onAbort(() => resolve(undefined));
      settleLike(promise, { resolve, reject, forget });
    });
  }
}

/** Resolves with true when the promise has settled, fulfilled or rejected, or with false after `ms`. */
export function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false));
    const settled = (): void => {
      cancel();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

/** Settles like the promise, but rejects with the reason of the signal if that aborts first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cut = (): void => reject(signal.reason as Error);
    if (signal.aborted) cut();
    settleLike(promise, { resolve, reject, forget: onAbort(signal, cut) });
  });
}

interface Settled<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  /** Called first. */
  readonly forget: () => void;
}

/** By one further promise: `finally()` makes four. */
function settleLike<T>(promise: Promise<T>, { resolve, reject, forget }: Settled<T>): void {
  promise.then(
    (value) => {
      forget();
      resolve(value);
    },
    (thrown: unknown) => {
      forget();
      reject(thrown);
    },
  );
}

/**
 * Calls the listener once when the signal aborts; the returned function removes it. For a signal of this file's no listener
 * of Node's is made, which takes as long as the rest of a twin's connect.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const owner = owners.get(signal);
  if (owner?.aborted === false) return owner.onAbort(listener);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** By the signal that each has made. */
const owners = new WeakMap<AbortSignal, LazyAbortController>();

/**
 * An AbortController that creates its signal on first access. A signal with its listeners and its abort takes several
 * microseconds, and the signals of most lanes and deadlines are never used.
 */
export class LazyAbortController {
  private controller: AbortController | undefined;
  private why: (() => unknown) | undefined;
  private listeners: Set<() => void> | undefined;

  /** Created on first access. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      owners.set(this.controller.signal, this);
      // One listener per broker or waiting message: with more than ten, Node 20 would warn of a leak.
      setMaxListeners(Infinity, this.controller.signal);
      if (this.why !== undefined) this.controller.abort(this.why());
    }
    return this.controller.signal;
  }

  /** Same as `signal.aborted`, without creating the signal. */
  get aborted(): boolean {
    return this.why !== undefined;
  }

  /** Calls the listener on abort; the returned function removes it. Must not be called after the abort. */
  onAbort(listener: () => void): () => void {
    const listeners = (this.listeners ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Aborts once. `why` creates the reason, and is called only if the signal exists. */
  abort(why: () => unknown): void {
    if (this.aborted) return;
    this.why = why;
    this.controller?.abort(why());
    for (const listener of this.listeners ?? []) listener();
    this.listeners = undefined;
  }
}

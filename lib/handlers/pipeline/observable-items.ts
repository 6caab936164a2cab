import type { Observable, Subscription } from 'rxjs';

/**
 * The items of an Observable as an async iterable. {@link settleObservable} subscribes once; leaving the loop early
 * unsubscribes.
 */
class Emissions implements AsyncIterableIterator<unknown> {
  private readonly emitted: unknown[] = [];
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private wake: (() => void) | undefined;
  private readonly subscription: Subscription;

  constructor(observable: Observable<unknown>) {
    this.subscription = observable.subscribe({
      next: (value) => {
        this.emitted.push(value);
        this.wake?.();
      },
      error: (error: unknown) => {
        this.failure = { error };
        this.wake?.();
      },
      complete: () => {
        this.ended = true;
        this.wake?.();
      },
    });
  }

  /** The result of the first notification, or a promise if there is none yet. @throws the error of the Observable */
  settled(): unknown {
    if (this.emitted.length > 0 || this.ended || this.failure) return this.outcome();
    return this.something().then(() => this.outcome());
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    await this.something();
    if (this.emitted.length > 0) return { done: false, value: this.emitted.shift() };
    this.throwFailure();
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.subscription.unsubscribe();
    this.ended = true;
    this.emitted.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private outcome(): unknown {
    if (this.emitted.length === 0) {
      this.throwFailure();
      return undefined;
    }
    // A promise or `of(value)` emits one value and completes at once: then the value itself is the result.
    return this.ended && this.emitted.length === 1 ? this.emitted[0] : this;
  }

  private async something(): Promise<void> {
    while (this.emitted.length === 0 && !this.ended && !this.failure) {
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = undefined;
    }
  }

  private throwFailure(): void {
    if (!this.failure) return;
    const { error } = this.failure;
    this.failure = undefined;
    this.ended = true;
    throw error;
  }
}

/**
 * Subscribes and waits for the first notification. Returns undefined for an empty Observable, the value if it emits one
 * value and completes at once, else an async iterable of all values. An error before the first value is thrown or
 * rejects the promise; a later one is thrown by the iterable, and filters do not see it.
 */
export function settleObservable(observable: Observable<unknown>): unknown {
  return new Emissions(observable).settled();
}

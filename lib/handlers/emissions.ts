import type { Observable, Subscription } from 'rxjs';

/**
 * What an Observable emits, read as an async iterable. Subscribed by {@link settleObservable}, once; leaving the loop
 * early unsubscribes.
 */
class Emissions implements AsyncIterableIterator<unknown> {
  readonly #emitted: unknown[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  readonly #subscription: Subscription;

  constructor(observable: Observable<unknown>) {
    this.#subscription = observable.subscribe({
      next: (value) => {
        this.#emitted.push(value);
        this.#wake?.();
      },
      error: (error: unknown) => {
        this.#failure = { error };
        this.#wake?.();
      },
      complete: () => {
        this.#ended = true;
        this.#wake?.();
      },
    });
  }

  /** What the first notification comes to; a promise where it is not there yet. Throws the failure. */
  settled(): unknown {
    if (this.#emitted.length > 0 || this.#ended || this.#failure) return this.#outcome();
    return this.#something().then(() => this.#outcome());
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    await this.#something();
    if (this.#emitted.length > 0) return { done: false, value: this.#emitted.shift() };
    this.#throwFailure();
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#subscription.unsubscribe();
    this.#ended = true;
    this.#emitted.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #outcome(): unknown {
    if (this.#emitted.length === 0) {
      this.#throwFailure();
      return undefined;
    }
    // One value and its end come together from a promise or `of(value)`: then the value alone is the result.
    return this.#ended && this.#emitted.length === 1 ? this.#emitted[0] : this;
  }

  async #something(): Promise<void> {
    while (this.#emitted.length === 0 && !this.#ended && !this.#failure) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }

  #throwFailure(): void {
    if (!this.#failure) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    this.#ended = true;
    throw error;
  }
}

/**
 * Subscribes and waits for the first notification: undefined for an empty Observable, the value of one that emits a
 * single value at once, else an async iterable of all. An error that comes before the first value is thrown, or
 * rejects the promise; a later one is thrown by the iterable, and no filter sees it.
 */
export function settleObservable(observable: Observable<unknown>): unknown {
  return new Emissions(observable).settled();
}

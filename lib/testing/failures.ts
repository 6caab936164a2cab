import type { RecordedDelivery } from './recorded-delivery.js';

/** A failure that nothing has made good. */
export interface HandlerFailure {
  readonly error: Error;
  readonly delivery: RecordedDelivery;
}

/** Failures until they are told, or until a later attempt makes them good. */
export class Failures {
  readonly #open = new Map<string, HandlerFailure>();
  #expected: Error[] | undefined;

  failed(failure: HandlerFailure): void {
    this.#open.set(failure.delivery.key, failure);
  }

  /** An attempt went well: the one before is no failure any more, unless it was told. */
  good(delivery: RecordedDelivery): void {
    if (this.#open.size > 0) this.#open.delete(delivery.key);
  }

  /** From now on failures are listed and not told otherwise. */
  expect(): readonly Error[] {
    return (this.#expected ??= []);
  }

  /** Those to be told, each error once; none where they are expected. */
  take(): readonly HandlerFailure[] {
    const failures = [...new Map([...this.#open.values()].map((failure) => [failure.error, failure])).values()];
    this.#open.clear();
    if (this.#expected === undefined) return failures;
    this.#expected.push(...failures.map(({ error }) => error));
    return [];
  }

  reset(): void {
    this.#open.clear();
    this.#expected = undefined;
  }
}

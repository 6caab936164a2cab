/** Exponential backoff: waits that double from `firstMs` to `longestMs`. */
export class Backoff {
  private waitMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
  ) {
    this.waitMs = firstMs;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const { waitMs } = this;
    this.waitMs = Math.min(waitMs * 2, this.longestMs);
    return waitMs;
  }

  /** To be called after a success: the next wait is `firstMs`. */
  reset(): void {
    this.waitMs = this.firstMs;
  }
}

/** The wait before the `time`-th retry (from 1) of a {@link Backoff}, for callers that keep the count themselves. */
export function doubled(firstMs: number, time: number, longestMs: number): number {
  // Capped: every limit in use is reached by 2 ** 10, and the product stays finite.
  return Math.min(firstMs * 2 ** Math.min(time - 1, 10), longestMs);
}

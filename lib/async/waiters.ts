/** Promises that wait for one event; without waiters nothing is allocated. */
export class Waiters {
  /** Whether there are waiters: a field, as the hot path looks at it for every message. */
  any = false;
  private waiting: (() => void)[] = [];

  /** Resolves with the next {@link wake}. */
  wait(): Promise<void> {
    this.any = true;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Resolves all waiters, in the order of their `wait()`. */
  wake(): void {
    const { waiting } = this;
    this.any = false;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Runs asynchronous steps one at a time: a stop waits for a start in progress (kafkajs #967, #1639). */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(step: () => Promise<T>): Promise<T> {
    const result = this.last.then(step);
    this.last = result.catch(() => undefined);
    return result;
  }
}

/** Those who wait for one thing to happen. Nobody waits: nothing is made. */
export class Waiters {
  private waiting: (() => void)[] = [];

  /** Looked at first on paths that every message takes. */
  get any(): boolean {
    return this.waiting.length > 0;
  }

  /** Resolves with the next {@link wake}. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** In the order in which they came. */
  wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

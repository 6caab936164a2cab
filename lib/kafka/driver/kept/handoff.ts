import { type Clock, sleep, Waiters } from '../../../async/index.js';

/** Passes values from one loop to another, one at a time: the giver waits until the taker has finished with each. */
export class Handoff<T> {
  private slot: T | undefined;
  private over = false;
  private failure: Error | undefined;
  /** Values that the taker has finished with, or that came after the end. */
  private finished = 0;
  private given = 0;
  private readonly changes = new Waiters();

  get isOver(): boolean {
    return this.over;
  }

  /** Nothing is in the taker's hands, or waits for them. */
  get isIdle(): boolean {
    return this.finished === this.given;
  }

  /** Resolves once the value is finished with, or it is over. `meanwhile` runs at intervals; its error ends the wait. */
  async give(value: T, clock: Clock, everyMs: number, meanwhile: () => Promise<void>): Promise<void> {
    if (this.over) return;
    const place = ++this.given;
    this.slot = value;
    this.changes.wake();
    while (!this.isFinished(place)) {
      const tick = new AbortController();
      await Promise.race([this.changes.wait(), sleep(clock, everyMs, tick.signal, 'heartbeat')]);
      tick.abort();
      await meanwhile();
    }
  }

  /** The taker has finished with what it took. */
  finish(): void {
    if (this.slot !== undefined) return;
    this.finished = this.given;
    this.changes.wake();
  }

  /** The next value; undefined at the end. What was taken before is finished with. */
  async take(signal: AbortSignal): Promise<T | undefined> {
    this.finish();
    const wake = (): void => this.changes.wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        if (this.failure !== undefined) throw this.failure;
        const { slot } = this;
        this.slot = undefined;
        if (slot !== undefined || this.over) return slot;
        await this.changes.wait();
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** There is nothing more. */
  end(): void {
    this.over = true;
    this.changes.wake();
  }

  fail(cause: Error): void {
    this.failure ??= cause;
    this.end();
  }

  private isFinished(place: number): boolean {
    return this.over || this.finished >= place;
  }
}

import { LazyAbortController, untilAborted } from '../async/index.js';
import type { KeptMessages } from './kept-messages.js';
import type { Incoming } from './message.js';

/** What a driver reads by `kept`. Its `close()` ends all of it. */
export class OpenReadings {
  private readonly readings = new Set<Reading>();
  /** Of readings that opened too late for their callers. */
  private readonly closing = new Set<Promise<void>>();
  private readonly end = new LazyAbortController();

  /** @param ended the error of a reading whose driver was closed */
  constructor(private readonly ended: () => Error) {}

  /** Resolves when it is open. Rejects when `signal` aborts, or the driver is closed: then it is closed once it is open. */
  async open(opening: Promise<KeptMessages>, signal: AbortSignal): Promise<KeptMessages> {
    try {
      const kept = await untilAborted(untilAborted(opening, signal), this.end.signal);
      const reading = new Reading(kept, this.end.signal, () => this.readings.delete(reading));
      this.readings.add(reading);
      return reading;
    } catch (thrown) {
      this.closeLater(opening);
      throw thrown;
    }
  }

  async close(): Promise<void> {
    this.end.abort(this.ended);
    if (this.readings.size > 0) await Promise.all([...this.readings].map((reading) => reading.close()));
    if (this.closing.size > 0) await Promise.all(this.closing);
  }

  private closeLater(opening: Promise<KeptMessages>): void {
    const closed = opening.then((kept) => kept.close()).catch(() => undefined);
    this.closing.add(closed);
    void closed.finally(() => this.closing.delete(closed));
  }
}

class Reading implements KeptMessages {
  private closed: Promise<void> | undefined;

  constructor(
    private readonly inner: KeptMessages,
    private readonly end: AbortSignal,
    private readonly whenClosed: () => void,
  ) {}

  get size(): number {
    return this.inner.size;
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    this.end.throwIfAborted();
    return untilAborted(this.inner.next(signal), this.end);
  }

  async done(message: Incoming): Promise<void> {
    this.end.throwIfAborted();
    await this.inner.done(message);
  }

  close(): Promise<void> {
    this.closed ??= this.inner.close().finally(this.whenClosed);
    return this.closed;
  }
}

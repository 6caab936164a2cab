import type { Driver, Subscription } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { Reading } from './reading.js';
import type { Readings } from './readings.js';

/** A subscription made by hand; however often it is stopped, it leaves once. */
class HandSubscription implements Subscription {
  private leaving: Promise<void> | undefined;

  constructor(
    private reading: Reading,
    private readonly readings: Readings,
    private readonly stopped: (subscription: HandSubscription) => void,
  ) {}

  stop(): Promise<void> {
    this.stopped(this);
    this.leaving ??= this.readings.leave(this.reading);
    return this.leaving;
  }

  pause(): void {
    this.reading.pause();
  }

  resume(): void {
    this.reading.resume();
  }

  /** Whether what it reads by is there, or begins. */
  get reads(): boolean {
    return this.readings.has(this.reading);
  }

  /** What it read by is gone: from now on it reads anew, by this driver. */
  async beginAgain(driver: Driver, signal: AbortSignal): Promise<void> {
    this.reading = await this.readings.begin(driver, this.reading.bindings, signal);
    // It was stopped while it began.
    if (this.leaving !== undefined) await this.readings.leave(this.reading);
  }
}

/** Those of one broker that are open. */
export class HandSubscriptions {
  private readonly lasting = new Set<HandSubscription>();
  private beginning: Promise<void> | undefined;

  constructor(private readonly readings: Readings) {}

  /**
   * @param lasts that code of the application's start has made it, and would again; not a handler, whose message may
   * come again
   */
  of(reading: Reading, lasts: boolean): Subscription {
    const subscription = new HandSubscription(reading, this.readings, (stopped) => this.lasting.delete(stopped));
    if (lasts) this.lasting.add(subscription);
    return subscription;
  }

  /** Whether one of them does not read any more, for the connection that it read by was ended. */
  get waits(): boolean {
    return [...this.lasting].some(({ reads }) => !reads);
  }

  /**
   * Those that do not read any more read anew: in place of the application's code that has made them. All are tried;
   * rejects with the first failure.
   */
  async beginAgain(driver: Driver, signal: AbortSignal): Promise<void> {
    while (this.beginning !== undefined) await this.beginning.catch(() => undefined);
    this.beginning = this.beginAll(driver, signal).finally(() => {
      this.beginning = undefined;
    });
    await this.beginning;
  }

  /** They are over with the application. */
  clear(): void {
    this.lasting.clear();
  }

  /** One after another, as by code that awaits each. */
  private async beginAll(driver: Driver, signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const subscription of this.lasting) {
      if (subscription.reads || signal.aborted) continue;
      await subscription.beginAgain(driver, signal).catch((thrown: unknown) => failures.push(thrown));
    }
    if (failures.length > 0) throw asError(failures[0]);
  }
}

import type { Driver, Subscription } from '../driver/index.js';
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

  /** What it read by is gone: from now on it reads anew, by this driver. */
  async beginAgain(driver: Driver, signal: AbortSignal): Promise<void> {
    this.reading = await this.readings.begin(driver, this.reading.bindings, signal);
  }
}

/** Those of one broker that are open. */
export class HandSubscriptions {
  private readonly lasting = new Set<HandSubscription>();

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

  /** After a kill: in place of the application's code that has made them. */
  async beginAgain(driver: Driver, signal: AbortSignal): Promise<void> {
    for (const subscription of this.lasting) await subscription.beginAgain(driver, signal);
  }

  /** They are over with the application. */
  clear(): void {
    this.lasting.clear();
  }
}

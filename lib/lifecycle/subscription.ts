import type { Subscription } from '../driver/index.js';
import type { Reading } from './reading.js';
import type { Readings } from './readings.js';

/** A subscription made by hand; however often it is stopped, it leaves once. */
export class HandSubscription implements Subscription {
  private leaving: Promise<void> | undefined;

  constructor(
    private readonly reading: Reading,
    private readonly readings: Readings,
  ) {}

  stop(): Promise<void> {
    this.leaving ??= this.readings.leave(this.reading);
    return this.leaving;
  }

  pause(): void {
    this.reading.pause();
  }

  resume(): void {
    this.reading.resume();
  }
}

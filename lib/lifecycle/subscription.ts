import type { Driver, Subscription } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { Reading } from './reading.js';
import type { Readings } from './readings.js';

/** A subscription made by hand; however often it is stopped, it leaves once. */
class HandSubscription implements Subscription {
  /** Why it does not read any more, after a try to begin again. */
  issue: string | undefined;
  private leaving: Promise<void> | undefined;
  /** It outlives what is read by: a start that failed, a connection that was lost for good. */
  private paused = false;
  /** What is to be read by from now on, while it begins. */
  private beginning: Reading | undefined;

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
    this.paused = true;
    this.reading.pause();
    this.beginning?.pause();
  }

  resume(): void {
    this.paused = false;
    this.reading.resume();
    this.beginning?.resume();
  }

  /** The process that had paused it is gone. */
  forgetPause(): void {
    this.paused = false;
  }

  /** Whether what it reads by is there, or begins. */
  get reads(): boolean {
    return this.readings.has(this.reading);
  }

  /** Whether its source keeps what comes while nobody reads. */
  get durable(): boolean {
    return this.reading.bindings.every(({ source }) => source.durable);
  }

  /** What it read by is gone: from now on it reads anew, by this driver. */
  async beginAgain(driver: Driver, signal: AbortSignal): Promise<void> {
    const { bindings } = this.reading;
    try {
      this.reading = await this.readings.begin(driver, bindings, signal, (reading) => {
        this.beginning = reading;
        if (this.paused) reading.pause();
      });
      this.issue = undefined;
    } catch (thrown) {
      const what = bindings.map(
        ({ handler, source }) => `${handler}, subscribed by hand, does not read ${source.name}`,
      );
      this.issue = `${what.join(', ')} yet: ${asError(thrown).message}`;
      throw thrown;
    }
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

  /** Of those that do not read any more: why not. */
  issues(): readonly string[] {
    return [...this.lasting].flatMap(({ reads, issue }) => (reads || issue === undefined ? [] : [issue]));
  }

  /** As after a kill: the code that makes them anew pauses none. */
  forgetPauses(): void {
    for (const subscription of this.lasting) subscription.forgetPause();
  }

  /** They are over with the application. */
  clear(): void {
    this.lasting.clear();
  }

  /** What keeps nothing while nobody reads comes first. Those of one kind together, which a Kafka group joins once. */
  private async beginAll(driver: Driver, signal: AbortSignal): Promise<void> {
    const failures: Error[] = [];
    for (const durable of [false, true]) {
      if (signal.aborted) break;
      const gone = [...this.lasting].filter((subscription) => !subscription.reads && subscription.durable === durable);
      const begun = await Promise.allSettled(gone.map((subscription) => subscription.beginAgain(driver, signal)));
      failures.push(...begun.flatMap((one) => (one.status === 'rejected' ? [asError(one.reason)] : [])));
    }
    if (failures[0] !== undefined) throw failures[0];
  }
}

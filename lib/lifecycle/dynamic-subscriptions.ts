import type { Driver, Subscription } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { ActiveSource } from './active-source.js';
import type { ActiveSources } from './active-sources.js';

/** A subscription made by `broker.subscribe()`. `stop()` may be called more than once. */
class DynamicSubscription implements Subscription {
  /** Why the last attempt to resubscribe failed. */
  issue: string | undefined;
  private leaving: Promise<void> | undefined;
  /** Kept here, since it has to survive a failed start or a lost connection, which replace the active source. */
  private paused = false;
  /** The replacement of the active source while it starts. */
  private beginning: ActiveSource | undefined;

  constructor(
    private active: ActiveSource,
    private readonly sources: ActiveSources,
    private readonly stopped: (subscription: DynamicSubscription) => void,
  ) {}

  stop(): Promise<void> {
    this.stopped(this);
    this.leaving ??= this.sources.stop(this.active);
    return this.leaving;
  }

  pause(): void {
    this.paused = true;
    this.active.pause();
    this.beginning?.pause();
  }

  resume(): void {
    this.paused = false;
    this.active.resume();
    this.beginning?.resume();
  }

  /** The simulated process that had paused it was killed. */
  forgetPause(): void {
    this.paused = false;
  }

  /** Whether the subscription is running or starting. */
  get reads(): boolean {
    return this.sources.has(this.active);
  }

  /** Whether the source keeps messages while there is no reader. */
  get durable(): boolean {
    return this.active.bindings.every(({ source }) => source.durable);
  }

  /** Resubscribes through this driver after the former connection was lost. */
  async resubscribe(driver: Driver, signal: AbortSignal): Promise<void> {
    const { bindings } = this.active;
    try {
      this.active = await this.sources.start(driver, bindings, signal, (active) => {
        this.beginning = active;
        if (this.paused) active.pause();
      });
      this.issue = undefined;
    } catch (thrown) {
      const what = bindings.map(
        ({ handler, source }) => `${handler}, subscribed explicitly, does not read ${source.name}`,
      );
      this.issue = `${what.join(', ')} yet: ${asError(thrown).message}`;
      throw thrown;
    }
    // It was stopped while it was starting.
    if (this.leaving !== undefined) await this.sources.stop(this.active);
  }
}

/** The open explicit subscriptions of one broker. */
export class DynamicSubscriptions {
  private readonly lasting = new Set<DynamicSubscription>();
  private beginning: Promise<void> | undefined;

  constructor(private readonly sources: ActiveSources) {}

  /**
   * @param lasts whether it is restored after a lost connection: true for subscriptions of the application's start-up
   * code, false for those of a handler, which repeats them if its message is redelivered
   */
  of(active: ActiveSource, lasts: boolean): Subscription {
    const subscription = new DynamicSubscription(active, this.sources, (stopped) => this.lasting.delete(stopped));
    if (lasts) this.lasting.add(subscription);
    return subscription;
  }

  /** Whether one of them stopped reading because its connection ended. */
  get hasStopped(): boolean {
    return [...this.lasting].some(({ reads }) => !reads);
  }

  /**
   * Restores the subscriptions that stopped reading, since the application's code that made them does not run twice.
   * Tries all of them, then rejects with the first failure.
   */
  async restore(driver: Driver, signal: AbortSignal): Promise<void> {
    while (this.beginning !== undefined) await this.beginning.catch(() => undefined);
    this.beginning = this.beginAll(driver, signal).finally(() => {
      this.beginning = undefined;
    });
    await this.beginning;
  }

  /** Why subscriptions do not read, one sentence each. */
  issues(): readonly string[] {
    return [...this.lasting].flatMap(({ reads, issue }) => (reads || issue === undefined ? [] : [issue]));
  }

  /** Forgets all pauses, as a killed process does. */
  forgetPauses(): void {
    for (const subscription of this.lasting) subscription.forgetPause();
  }

  /** Forgets all subscriptions when the application ends. */
  clear(): void {
    this.lasting.clear();
  }

  /** Non-durable sources first. Sources of one sort start together, so that a Kafka group is joined once. */
  private async beginAll(driver: Driver, signal: AbortSignal): Promise<void> {
    const failures: Error[] = [];
    for (const durable of [false, true]) {
      if (signal.aborted) break;
      const gone = [...this.lasting].filter((subscription) => !subscription.reads && subscription.durable === durable);
      const begun = await Promise.allSettled(gone.map((subscription) => subscription.resubscribe(driver, signal)));
      failures.push(...begun.flatMap((one) => (one.status === 'rejected' ? [asError(one.reason)] : [])));
    }
    if (failures[0] !== undefined) throw failures[0];
  }
}

import type { Counter, Gauge, Histogram } from 'prom-client';
import { realNow } from '../async/index.js';
import type { DeliveryObserver, ObservedDelivery } from '../delivery/index.js';
import type { Settlement } from '../driver/index.js';
import { DeliveryLabels, type HandlerLabels } from './labels.js';

/** What deliveries are counted by. */
export interface CallMetrics {
  readonly duration: Histogram<keyof HandlerLabels>;
  readonly retried: Counter<keyof HandlerLabels>;
  readonly redelivered: Counter<keyof HandlerLabels>;
  readonly held: Gauge<keyof HandlerLabels>;
}

/** Counts what handlers' calls leave no count of: how long they take, and what comes again. */
export class HandlerCalls implements DeliveryObserver {
  private readonly labels = new DeliveryLabels();
  private readonly begun = new WeakMap<ObservedDelivery, number>();
  /** Those that wait for their next call. */
  private readonly waiting = new WeakSet<ObservedDelivery>();

  constructor(private readonly metrics: CallMetrics) {}

  called(delivery: ObservedDelivery): void {
    this.waitsNoMore(delivery);
    this.begun.set(delivery, realNow());
  }

  callOver(delivery: ObservedDelivery): void {
    const begun = this.begun.get(delivery);
    if (begun === undefined) return;
    this.begun.delete(delivery);
    this.metrics.duration.observe(this.labels.of(delivery), (realNow() - begun) / 1_000);
  }

  failed(): void {
    // Handlers count it.
  }

  waits(delivery: ObservedDelivery): void {
    const labels = this.labels.of(delivery);
    this.metrics.retried.inc(labels);
    if (this.waiting.has(delivery)) return;
    this.waiting.add(delivery);
    this.metrics.held.inc(labels);
  }

  settled(delivery: ObservedDelivery, how: Settlement): void {
    this.waitsNoMore(delivery);
    if (typeof how === 'object') this.metrics.redelivered.inc(this.labels.of(delivery));
  }

  ended(delivery: ObservedDelivery): void {
    this.waitsNoMore(delivery);
  }

  lost(delivery: ObservedDelivery): void {
    this.waitsNoMore(delivery);
  }

  private waitsNoMore(delivery: ObservedDelivery): void {
    if (this.waiting.delete(delivery)) this.metrics.held.dec(this.labels.of(delivery));
  }
}

import type {
  DeliveryContext,
  DeliveryObserver,
  Disposition,
  ObservedDelivery,
  SentLetter,
  WaitsFor,
} from '../delivery/index.js';
import type { Clock } from '../async/index.js';
import type { Settlement } from '../driver/index.js';
import { Failures } from './failure-report.js';
import { TrackedDelivery } from './tracked-delivery.js';

/** Observes and records all deliveries of a module. */
export class DeliveryLog implements DeliveryObserver {
  readonly failures = new Failures();
  /** Deliveries since the last reset, in order of arrival. */
  all: TrackedDelivery[] = [];
  /** Number of handler calls ever made. */
  count = 0;
  /** Deliveries that are running, or waiting for a retry in place. */
  private readonly active = new Set<TrackedDelivery>();
  /** Ended deliveries that will be redelivered, or are to be settled explicitly. */
  private readonly openDeliveries = new Map<string, TrackedDelivery>();
  /** Number of resets. */
  private life = 0;

  constructor(
    private readonly host: {
      readonly clock: Clock;
      /** Next number in the order of events. */
      next(): number;
      /** Whether the process has crashed: handlers are not called, and settlements do not reach the server. */
      isOver(): boolean;
    },
  ) {}

  get running(): readonly TrackedDelivery[] {
    return [...this.active].filter(({ runningSince }) => runningSince !== undefined);
  }

  /** Running deliveries whose `maxProcessingMs` has not passed yet. */
  get limited(): readonly TrackedDelivery[] {
    const now = this.host.clock.now();
    return this.running.filter(({ limitAt }) => limitAt !== undefined && limitAt > now);
  }

  /** Deliveries that wait for a retry. */
  get waiting(): readonly TrackedDelivery[] {
    return [...this.active].filter(({ wait }) => wait !== undefined);
  }

  /** Ended deliveries that are not finally settled, and lost ones that a server may redeliver. */
  get open(): readonly TrackedDelivery[] {
    return [...this.openDeliveries.values()];
  }

  called(delivery: ObservedDelivery, context: DeliveryContext): void {
    if (this.host.isOver()) return;
    this.count++;
    const record = this.recordOf(delivery);
    this.active.add(record);
    record.called(context, this.host.clock.now());
  }

  callOver(delivery: ObservedDelivery): void {
    recordOf(delivery)?.callOver();
  }

  failed(delivery: ObservedDelivery, error: Error, disposition: Disposition): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    record.failed(error, disposition.kind === 'leave');
    // A dead letter handles the failure; one that cannot be written is a failure of its own.
    if (disposition.kind === 'park') this.failures.good(record);
    else this.failures.failed({ error, delivery: record });
  }

  waits(delivery: ObservedDelivery, what: WaitsFor, ms: number): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    this.active.add(record);
    record.waits(what, ms, this.host.clock.now());
  }

  settled(delivery: ObservedDelivery, how: Settlement, letter?: SentLetter): void {
    if (this.host.isOver()) return;
    // It may be settled before its first call: `ack-first`.
    const record = this.recordOf(delivery);
    record.settlement = how;
    record.letter = letter;
    record.settledAt = this.host.clock.now();
    if (!record.over) return;
    if (typeof how !== 'object') this.openDeliveries.delete(record.key);
    forget(delivery);
  }

  ended(delivery: ObservedDelivery): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    record.over = true;
    this.active.delete(record);
    if (record.error === undefined) this.failures.good(record);
    if (record.isOpen) this.openDeliveries.set(record.key, record);
    // An unsettled delivery may still be settled explicitly.
    if (record.settlement !== undefined || !record.isOpen) forget(delivery);
  }

  lost(delivery: ObservedDelivery): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    record.lost = true;
    record.wait = undefined;
    // A redelivery is described by the record of the lost delivery.
    if (record.settlement === undefined && delivery.lane.redelivery === 'server')
      this.openDeliveries.set(record.key, record);
    else if (record.settlement === undefined) this.openDeliveries.delete(record.key);
    if (record.over) forget(delivery);
  }

  /** Forgets ended deliveries; running ones are recorded again at their next event. */
  reset(): void {
    this.life++;
    this.all = [];
    this.failures.reset();
  }

  private recordOf(delivery: ObservedDelivery): TrackedDelivery {
    const known = recordOf(delivery);
    if (known === undefined) return this.arrived(delivery);
    if (known.life !== this.life) this.all.push(known);
    known.life = this.life;
    return known;
  }

  private arrived(delivery: ObservedDelivery): TrackedDelivery {
    const record = new TrackedDelivery(delivery, this.host.next(), this.life);
    delivery.observed = record;
    this.all.push(record);
    // It has been redelivered.
    if (this.openDeliveries.size > 0) this.openDeliveries.delete(record.key);
    return record;
  }
}

/** The record of a delivery; undefined before its first event and after its last. */
function recordOf({ observed }: ObservedDelivery): TrackedDelivery | undefined {
  return observed instanceof TrackedDelivery ? observed : undefined;
}

/** Nothing more is recorded of it. */
function forget(delivery: ObservedDelivery): void {
  recordOf(delivery)?.close();
  delivery.observed = undefined;
}

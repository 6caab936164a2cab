import type { DeliveryContext, DeliveryObserver, ObservedDelivery, Verdict, WaitsFor } from '../delivery/index.js';
import type { Clock, Settlement } from '../driver/index.js';
import { Failures } from './failures.js';
import { RecordedDelivery } from './recorded-delivery.js';

/** All deliveries of a module, as they go on. */
export class DeliveryRecords implements DeliveryObserver {
  readonly failures = new Failures();
  /** Since the last reset, in the order in which they arrived. */
  all: RecordedDelivery[] = [];
  /** How many were called, ever. */
  count = 0;
  /** Something of them runs, or they wait for a further call in place. */
  readonly #active = new Set<RecordedDelivery>();
  /** Over, and yet to come again or to be settled by hand. */
  readonly #open = new Map<string, RecordedDelivery>();
  /** Counts resets. */
  #life = 0;

  constructor(
    private readonly host: {
      readonly clock: Clock;
      readonly retriesAtOnce: boolean;
      /** Numbers what happens. */
      next(): number;
      /** The process has died: nobody is called, and the server learns of no settlement. */
      isOver(): boolean;
    },
  ) {}

  get retriesAtOnce(): boolean {
    return this.host.retriesAtOnce;
  }

  get running(): readonly RecordedDelivery[] {
    return [...this.#active].filter(({ runningSince }) => runningSince !== undefined);
  }

  /** Those that run and whose `maxProcessingMs` is still to come. */
  get limited(): readonly RecordedDelivery[] {
    const now = this.host.clock.now();
    return this.running.filter(({ limitAt }) => limitAt !== undefined && limitAt > now);
  }

  /** Those that wait for a further call. */
  get waiting(): readonly RecordedDelivery[] {
    return [...this.#active].filter(({ wait }) => wait !== undefined);
  }

  /** Those of which nothing runs and that are not settled for good; or that were lost, and a server may bring again. */
  get open(): readonly RecordedDelivery[] {
    return [...this.#open.values()];
  }

  called(delivery: ObservedDelivery, context: DeliveryContext): void {
    if (this.host.isOver()) return;
    this.count++;
    const record = this.#recordOf(delivery);
    this.#active.add(record);
    record.called(context, this.host.clock.now());
  }

  callOver(delivery: ObservedDelivery): void {
    recordOf(delivery)?.callOver();
  }

  failed(delivery: ObservedDelivery, error: Error, verdict: Verdict): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    record.failed(error, verdict === 'failed');
    this.failures.failed({ error, delivery: record });
  }

  waits(delivery: ObservedDelivery, what: WaitsFor, ms: number): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    this.#active.add(record);
    record.waits(what, ms, this.host.clock.now());
  }

  settled(delivery: ObservedDelivery, how: Settlement): void {
    if (this.host.isOver()) return;
    // Settled before its first call: by its policy.
    const record = this.#recordOf(delivery);
    record.settlement = how;
    record.settledAt = this.host.clock.now();
    if (!record.over) return;
    if (typeof how !== 'object') this.#open.delete(record.key);
    delivery.observed = undefined;
  }

  ended(delivery: ObservedDelivery): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    record.over = true;
    this.#active.delete(record);
    if (record.error === undefined) this.failures.good(record);
    if (record.isOpen) this.#open.set(record.key, record);
    // What is not settled may be settled by hand later.
    if (record.settlement !== undefined || !record.isOpen) delivery.observed = undefined;
  }

  lost(delivery: ObservedDelivery): void {
    const record = recordOf(delivery);
    if (record === undefined) return;
    record.lost = true;
    record.wait = undefined;
    // What a server brings again is told by what was seen of it.
    if (record.settlement === undefined && delivery.lane.again === 'server') this.#open.set(record.key, record);
    else if (record.settlement === undefined) this.#open.delete(record.key);
    if (record.over) delivery.observed = undefined;
  }

  /** Forgets what is over; what is under way shows itself again when it goes on. */
  reset(): void {
    this.#life++;
    this.all = [];
    this.failures.reset();
  }

  #recordOf(delivery: ObservedDelivery): RecordedDelivery {
    const known = recordOf(delivery);
    if (known === undefined) return this.#arrived(delivery);
    if (known.life !== this.#life) this.all.push(known);
    known.life = this.#life;
    return known;
  }

  #arrived(delivery: ObservedDelivery): RecordedDelivery {
    const record = new RecordedDelivery(delivery, this.host.next(), this.#life);
    delivery.observed = record;
    this.all.push(record);
    // It has come again.
    if (this.#open.size > 0) this.#open.delete(record.key);
    return record;
  }
}

/**
 * Undefined: nothing more may be told of it, or nothing was yet. Kept by the delivery, as a map is as dear as a
 * handler.
 */
function recordOf({ observed }: ObservedDelivery): RecordedDelivery | undefined {
  return observed instanceof RecordedDelivery ? observed : undefined;
}

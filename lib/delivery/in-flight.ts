import type { Incoming, Lane } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { Binding } from './binding.js';

/** A delivery that has begun, as its lane sees it. */
export interface InFlightDelivery {
  readonly incoming: Incoming;
  readonly binding: Binding;
  /** Its handler or publishes run, or a further call is pending. */
  active: boolean;
  readonly settled: boolean;
  /** The server has redelivered it: the new delivery settles the message. */
  superseded: boolean;
  /** Its place in the list. */
  place: number;
  /** Its handler runs and awaits more than confirmations. */
  readonly moves: boolean;
  /** Why it is not settled yet, for `health()`: "waits for …". */
  readonly waitsFor: string;
  /** Another delivery settles its message. */
  forgotten(): void;
  /** Aborts its signal; what is unfinished stays unsettled. */
  cut(reason: Error): void;
}

/** Closed entries at the front of the list are removed in bulk, this many at a time. */
const LET_GO_AT = 64;
/** Longer than the list of any lane with one order that is limited by {@link InFlight.span}. */
const SPARSE_AT = 4_096;

/**
 * The deliveries of one lane that are active or not settled, in order. A list: a set of them costs 0.5 µs a message.
 * A closed delivery leaves its place empty at once, so that no message is retained behind one that is open.
 */
export class InFlight {
  /** Begun and not settled; their handlers may settle them later. */
  unsettled = 0;
  /** Deliveries whose handler or publishes run, or that wait for a further call: a drain waits for them. */
  active = 0;
  /**
   * How many have begun since the oldest open one, itself included: on Kafka all of them have passed it. Written here
   * alone.
   */
  span = 0;
  private list: (InFlightDelivery | undefined)[] = [];
  /** Entries before it are closed. */
  private first = 0;
  /** The place of the list's first entry. */
  private base = 0;
  private count = 0;

  /** @param sparseAt above a limit of the {@link span}, which is no longer known once the list is closed up */
  constructor(private readonly sparseAt = SPARSE_AT) {}

  get size(): number {
    return this.count;
  }

  get oldest(): InFlightDelivery | undefined {
    return this.list[this.first];
  }

  add(delivery: InFlightDelivery): void {
    this.unsettled++;
    this.active++;
    delivery.place = this.base + this.list.length;
    this.list.push(delivery);
    this.span++;
    this.count++;
  }

  /** Nothing of it runs any more. */
  ended(): void {
    this.active--;
  }

  /** A delivery that had ended unsettled is called again. */
  revive(delivery: InFlightDelivery): void {
    if (delivery.active) return;
    delivery.active = true;
    this.active++;
  }

  settled(): void {
    // The lane may be lost by this very settlement, and then counts nothing.
    if (this.unsettled > 0) this.unsettled--;
  }

  /** It is settled and active no more, both at once. */
  finished(delivery: InFlightDelivery): void {
    if (this.unsettled > 0) this.unsettled--;
    this.active--;
    this.closed(delivery);
  }

  /** It is settled, and active no more. */
  closed(delivery: InFlightDelivery): void {
    const index = delivery.place - this.base;
    if (this.list[index] !== delivery) return;
    this.list[index] = undefined;
    this.count--;
    while (this.first < this.list.length && this.list[this.first] === undefined) this.first++;
    this.span = this.list.length - this.first;
    if (this.first >= LET_GO_AT) this.letGo();
    else if (this.span > this.sparseAt && this.count * 2 < this.span) this.closeUp();
  }

  /** Deliveries whose handler is over and has not settled them, by position. */
  leftUnsettled(): ReadonlyMap<string, InFlightDelivery> {
    const left = new Map<string, InFlightDelivery>();
    for (const delivery of this) {
      if (!delivery.active) left.set(delivery.incoming.position, delivery);
    }
    return left;
  }

  *[Symbol.iterator](): Iterator<InFlightDelivery> {
    for (let index = this.first; index < this.list.length; index++) {
      const delivery = this.list[index];
      if (delivery !== undefined) yield delivery;
    }
  }

  private letGo(): void {
    this.list = this.list.slice(this.first);
    this.base += this.first;
    this.first = 0;
  }

  /** A delivery that is never settled must not keep the places of all that come after it. */
  private closeUp(): void {
    const open = [...this];
    for (const [index, delivery] of open.entries()) delivery.place = this.base + index;
    this.list = open;
    this.first = 0;
    this.span = open.length;
  }
}

/** For messages that a handler has left unsettled and the server redelivers: the new delivery alone settles them. */
export function supersede(open: InFlight, batch: readonly Incoming[]): void {
  const again = batch.filter(({ deliveryCount: deliveries }) => deliveries > 1);
  if (again.length === 0) return;
  const left = open.leftUnsettled();
  for (const { position } of again) forget(open, left.get(position));
}

/** Drops deliveries whose leases are over. A lane that is full of them would never fetch again, not even them. */
export function forgetLeft(open: InFlight, lane: Lane): void {
  for (const left of open.leftUnsettled().values()) {
    forget(open, left);
    lane.forget?.(left.incoming);
  }
}

function forget(open: InFlight, left: InFlightDelivery | undefined): void {
  if (left === undefined || left.superseded) return;
  left.superseded = true;
  const { handler, broker } = left.binding;
  left.cut(errorOf('MULTI_BROKER_SETTLEMENT.redelivered', { handler }, { broker }));
  open.closed(left);
  open.settled();
  left.forgotten();
}

import type { Incoming, Lane } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { Binding } from './binding.js';

/**
 * The messages that a handler gets in one call, and that are settled, extended and cut together. Nearly always it is
 * one message, and an array would be one more object for each: so the first is a field of its own.
 */
export interface DeliveryUnit {
  /** The first message: errors, logs and health name the delivery by it. */
  readonly incoming: Incoming;
  /** The messages behind it, where the handler gets several. */
  readonly others: readonly Incoming[];
}

export const NO_OTHERS: readonly Incoming[] = [];

/** All messages of a delivery, in order. */
export function messagesOf({ incoming, others }: DeliveryUnit): readonly Incoming[] {
  return [incoming, ...others];
}

/** A delivery that has begun, as its lane sees it. */
export interface InFlightDelivery extends DeliveryUnit {
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

  /** How many have begun since the oldest open one, itself included: on Kafka all of them have passed it. */
  get span(): number {
    return this.list.length - this.first;
  }

  get oldest(): InFlightDelivery | undefined {
    return this.list[this.first];
  }

  add(delivery: InFlightDelivery): void {
    this.unsettled++;
    this.active++;
    delivery.place = this.base + this.list.length;
    this.list.push(delivery);
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

  /** It is settled, and active no more. */
  closed(delivery: InFlightDelivery): void {
    const index = delivery.place - this.base;
    if (this.list[index] !== delivery) return;
    this.list[index] = undefined;
    this.count--;
    while (this.first < this.list.length && this.list[this.first] === undefined) this.first++;
    if (this.first >= LET_GO_AT) this.letGo();
    else if (this.span > this.sparseAt && this.count * 2 < this.span) this.closeUp();
  }

  /** Deliveries whose handler is over and has not settled them, by position. */
  leftUnsettled(): ReadonlyMap<string, InFlightDelivery> {
    const left = new Map<string, InFlightDelivery>();
    for (const delivery of this) {
      if (delivery.active) continue;
      for (const { position } of messagesOf(delivery)) left.set(position, delivery);
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
    for (const message of messagesOf(left)) lane.forget?.(message);
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

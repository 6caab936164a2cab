import type { Clock } from '../../async/index.js';
import { KeyTimers, reaches, Rotation, type Stored } from '../../twin/index.js';
import { maxHeldOf, maxPrefetchOf } from '../driver/jetstream/puller.js';
import { subjectMatches } from '../subject.js';
import type { StreamLog } from './stream-log.js';
import type { ConsumerConfig } from '../driver/connection/jetstream-port.js';

/** Defaults of nats-server. */
const ACK_WAIT_NS = 30e9;
const MAX_ACK_PENDING = 1_000;

/** The stream of a consumer, as the consumer sees it. */
export interface StreamView {
  readonly name: string;
  readonly retention: 'limits' | 'workqueue' | 'interest';
  readonly log: Pick<StreamLog, 'at' | 'first' | 'end'>;
  /** A consumer has settled the message: by its retention the stream may drop it. */
  settled(seq: number): void;
}

/** One replica that pulls from a consumer. */
export interface PullReader {
  readonly free: boolean;
  wake(): void;
  /** Whether it got this message and has not settled it. */
  holds(seq: number): boolean;
  /** Whether it holds the message and its handler runs, or is about to. */
  worksOn(seq: number): boolean;
}

/** One delivery of a message. */
export interface Handout {
  readonly seq: number;
  readonly stored: Stored;
  /** Counted from 1. */
  readonly deliveries: number;
}

/** Progress of a consumer, in the terms of its info on the server. */
export interface ConsumerProgress {
  /** Sequence of the last message that was delivered, or skipped by the filter. */
  readonly delivered: number;
  /** Every message up to this sequence is settled. */
  readonly ackFloor: number;
  /** Number of unsettled deliveries, including those that wait to be redelivered. */
  readonly ackPending: number;
  /** Number of messages not delivered yet. */
  readonly pending: number;
}

/** A durable consumer: its progress, its unsettled deliveries and its redeliveries. */
export class TwinConsumer {
  private readonly readers = new Rotation<PullReader>();
  /** Readers that were notified of messages and have not pulled yet. */
  private readonly notified = new Set<PullReader>();
  /** Redeliveries that are due; they precede new messages, as on the server. */
  private readonly redeliveries: number[] = [];
  private readonly deliveries = new Map<number, number>();
  private readonly ackWaits: KeyTimers<number>;
  private readonly nakDelays: KeyTimers<number>;
  readonly ackWaitMs: number;
  private readonly maxAckPending: number;
  /** -1 for no limit. */
  private readonly maxDeliver: number;
  /** Sequences that reached `max_deliver`: given up by this consumer, and kept in a work queue. */
  private readonly givenUp = new Set<number>();
  private cursor: number;

  constructor(
    readonly config: Partial<ConsumerConfig>,
    private readonly stream: StreamView,
    clock: Clock,
    readonly broker: string,
  ) {
    this.ackWaitMs = (config.ack_wait ?? ACK_WAIT_NS) / 1e6;
    const { max_ack_pending: most = MAX_ACK_PENDING } = config;
    this.maxAckPending = most > 0 ? most : Infinity;
    this.maxDeliver = config.max_deliver ?? -1;
    this.cursor = config.deliver_policy === 'new' ? stream.log.end : stream.log.first;
    this.ackWaits = new KeyTimers(clock, (seqs) => this.redeliver(seqs), 'ack-wait');
    this.nakDelays = new KeyTimers(clock, (seqs) => this.redeliver(seqs), 'redelivery');
  }

  /** The same as for a lane of the real driver. */
  get maxPrefetch(): number {
    return maxPrefetchOf(this.maxAckPending, this.maxDeliver);
  }

  get maxHeld(): number {
    return maxHeldOf(this.maxAckPending, this.maxDeliver);
  }

  /** Whether a pull may get something. */
  get hasSome(): boolean {
    return this.available() > 0;
  }

  /** The first unsettled sequence; first deliveries are in the order of the sequence. */
  get floor(): number {
    const [unsettled = this.cursor] = this.deliveries.keys();
    return unsettled;
  }

  get durable(): string {
    return this.config.durable_name ?? '';
  }

  join(reader: PullReader): void {
    this.readers.join(reader);
    this.wake();
  }

  /** Messages that the reader gives back are redelivered at once. */
  leave(reader: PullReader, unsettled: Iterable<number>): void {
    this.readers.leave(reader);
    this.notified.delete(reader);
    const back = [...unsettled].filter((seq) => this.ackWaits.delete(seq));
    this.redeliver(back);
  }

  /** Messages for one reader: its share of the available ones, so that waiting readers get equally many. */
  pull(reader: PullReader, max: number): Handout[] {
    const share = Math.ceil(this.available() / Math.max(1, this.notified.size));
    this.notified.delete(reader);
    const handouts: Handout[] = [];
    while (handouts.length < Math.min(max, share)) {
      const seq = this.nextSeq();
      if (seq === undefined) break;
      this.lease(seq);
      // A copy of a message that this reader is handling is swallowed: its ack_wait has restarted.
      if (!reader.worksOn(seq)) handouts.push(this.handout(seq));
    }
    if (handouts.length > 0) this.readers.took(reader);
    if (this.notified.size === 0) this.wake();
    return handouts;
  }

  progress(): ConsumerProgress {
    const delivered = this.cursor - 1;
    const open = [...this.deliveries.keys()];
    const ackFloor = open.reduce((floor, seq) => Math.min(floor, seq - 1), delivered);
    let pending = 0;
    for (let seq = this.cursor; seq < this.stream.log.end; seq++) if (this.wants(this.stream.log.at(seq))) pending++;
    return { delivered, ackFloor, ackPending: open.length, pending };
  }

  /** Messages that wait to be redelivered: nacked, or held by a reader that has left. */
  *waiting(): Iterable<{ readonly seq: number; readonly dueAt: number; readonly nacked: boolean }> {
    for (const [seq, dueAt] of this.nakDelays.entries()) yield { seq, dueAt, nacked: true };
    const readers = this.readers.members();
    for (const [seq, dueAt] of this.ackWaits.entries()) {
      if (!readers.some((reader) => reader.holds(seq))) yield { seq, dueAt, nacked: false };
    }
  }

  /** Number of messages that could be delivered now. */
  get ready(): number {
    return this.redeliveries.length + this.progress().pending;
  }

  get isRead(): boolean {
    return this.readers.size > 0;
  }

  /** Whether this was the message's last delivery. */
  isLast(seq: number): boolean {
    return this.isSpent(seq);
  }

  /** Acked or terminated; a late settlement counts too, as on the server. */
  done(seq: number): void {
    const wasFull = this.room <= 0;
    this.ackWaits.delete(seq);
    this.nakDelays.delete(seq);
    this.deliveries.delete(seq);
    const place = this.redeliveries.indexOf(seq);
    if (place >= 0) this.redeliveries.splice(place, 1);
    this.stream.settled(seq);
    if (wasFull) this.wake();
  }

  /** Redelivers the message in `ms`. */
  nak(seq: number, ms: number): void {
    if (!this.ackWaits.delete(seq)) return;
    if (ms > 0) this.nakDelays.set(seq, ms);
    else this.redeliver([seq]);
  }

  /** Whether the message is unsettled for this consumer, or was given up by it. */
  needs(seq: number): boolean {
    if (this.deliveries.has(seq) || this.givenUp.has(seq)) return true;
    return seq >= this.cursor && this.wants(this.stream.log.at(seq));
  }

  /** The handler still runs: restarts ack_wait. */
  working(seq: number): void {
    if (this.ackWaits.has(seq)) this.ackWaits.set(seq, this.ackWaitMs);
  }

  /** Notifies the readers that have room, the one whose turn it is first; with a seed the order is drawn. */
  wake(): void {
    if (this.available() === 0) return;
    this.notified.clear();
    for (const reader of [...this.readers.inTurn()]) {
      if (!reader.free) continue;
      this.notified.add(reader);
      reader.wake();
    }
  }

  private redeliver(seqs: readonly number[]): void {
    for (const seq of seqs) {
      if (this.isSpent(seq)) this.giveUp(seq);
      else this.redeliveries.push(seq);
    }
    this.wake();
  }

  private isSpent(seq: number): boolean {
    return this.maxDeliver > 0 && (this.deliveries.get(seq) ?? 0) >= this.maxDeliver;
  }

  private giveUp(seq: number): void {
    this.deliveries.delete(seq);
    if (this.stream.retention !== 'limits') this.givenUp.add(seq);
  }

  /** How many more deliveries `max_ack_pending` allows; redeliveries that wait count in it. */
  private get room(): number {
    return this.maxAckPending - this.ackWaits.size - this.nakDelays.size - this.redeliveries.length;
  }

  /** An upper bound: the filter is not applied yet. */
  private available(): number {
    return this.redeliveries.length + Math.min(this.stream.log.end - this.cursor, Math.max(0, this.room));
  }

  private nextSeq(): number | undefined {
    for (let again = this.redeliveries.shift(); again !== undefined; again = this.redeliveries.shift()) {
      if (this.stream.log.at(again) !== undefined) return again;
      // The stream has dropped it.
      this.deliveries.delete(again);
    }
    this.cursor = Math.max(this.cursor, this.stream.log.first);
    while (this.available() > 0) {
      const seq = this.cursor++;
      if (this.wants(this.stream.log.at(seq))) return seq;
    }
    return undefined;
  }

  private wants(stored: Stored | undefined): boolean {
    const { filter_subject: filter } = this.config;
    return (
      stored !== undefined &&
      reaches(stored, this.broker) &&
      (filter === undefined || subjectMatches(filter, stored.address))
    );
  }

  private lease(seq: number): void {
    this.ackWaits.set(seq, this.ackWaitMs);
    this.deliveries.set(seq, (this.deliveries.get(seq) ?? 0) + 1);
  }

  private handout(seq: number): Handout {
    const stored = this.stream.log.at(seq);
    if (stored === undefined) throw new RangeError(`${this.stream.name} holds no message ${seq}`);
    return { seq, stored, deliveries: this.deliveries.get(seq) ?? 1 };
  }
}

import type { ConsumerConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import { Deadlines, reaches, Rotation, type Stored } from '../../twin/index.js';
import { maxPrefetchOf } from '../driver/max-prefetch.js';
import { subjectMatches } from '../subject-match.js';
import type { TwinStream } from './twin-stream.js';

/** As nats-server has it where the configuration says nothing. */
const ACK_WAIT_NS = 30e9;
const MAX_ACK_PENDING = 1_000;

/** One reader of a consumer: replicas that share a durable each have one. */
export interface Reader {
  readonly free: boolean;
  wake(): void;
  /** Whether it was handed this message and has not settled it. */
  holds(seq: number): boolean;
  /** Of such a one: whether its handler still runs, or is about to. */
  worksOn(seq: number): boolean;
}

/** One message as the consumer hands it out. */
export interface Handout {
  readonly seq: number;
  readonly stored: Stored;
  /** From 1. */
  readonly deliveries: number;
}

/** How far a consumer is, in the terms of its info on the server. */
export interface ConsumerProgress {
  /** Sequence of the last message that was handed out or passed over. */
  readonly delivered: number;
  /** Up to it all is settled. */
  readonly ackFloor: number;
  /** Handed out and not settled, those that wait to come again included. */
  readonly ackPending: number;
  /** Not handed out yet. */
  readonly pending: number;
}

/** A durable consumer: how far it has read, what is out, and what comes again when. */
export class TwinConsumer {
  readonly #readers = new Rotation<Reader>();
  /** Told that there is something, and yet to ask for it. */
  readonly #told = new Set<Reader>();
  /** What comes again now, before anything new, as the server has it. */
  readonly #again: number[] = [];
  readonly #deliveries = new Map<number, number>();
  readonly #leases: Deadlines<number>;
  readonly #naked: Deadlines<number>;
  readonly ackWaitMs: number;
  readonly #maxAckPending: number;
  /** -1 is for ever. */
  readonly #maxDeliver: number;
  /** Delivered as often as may be and not settled: this consumer has given them up, and a work queue keeps them. */
  readonly #givenUp = new Set<number>();
  #cursor: number;

  constructor(
    readonly config: Partial<ConsumerConfig>,
    private readonly stream: TwinStream,
    clock: Clock,
    readonly broker: string,
  ) {
    this.ackWaitMs = (config.ack_wait ?? ACK_WAIT_NS) / 1e6;
    const { max_ack_pending: most = MAX_ACK_PENDING } = config;
    this.#maxAckPending = most > 0 ? most : Infinity;
    this.#maxDeliver = config.max_deliver ?? -1;
    this.#cursor = (config.deliver_policy as string | undefined) === 'new' ? stream.log.end : stream.log.first;
    this.#leases = new Deadlines(clock, (seqs) => this.#comeAgain(seqs), 'ack-wait');
    this.#naked = new Deadlines(clock, (seqs) => this.#comeAgain(seqs), 'redelivery');
  }

  /** As of a lane by the real driver. */
  get maxPrefetch(): number {
    return maxPrefetchOf(this.#maxAckPending, this.#maxDeliver);
  }

  /** Whether there may be something for who asks. */
  get hasSome(): boolean {
    return this.#available() > 0;
  }

  /** The first message that is not settled; the order of first deliveries is that of the sequence. */
  get floor(): number {
    const [unsettled = this.#cursor] = this.#deliveries.keys();
    return unsettled;
  }

  get durable(): string {
    return this.config.durable_name ?? '';
  }

  join(reader: Reader): void {
    this.#readers.join(reader);
    this.wake();
  }

  /** What the reader gives back comes again at once. */
  leave(reader: Reader, unsettled: Iterable<number>): void {
    this.#readers.leave(reader);
    this.#told.delete(reader);
    const back = [...unsettled].filter((seq) => this.#leases.delete(seq));
    this.#comeAgain(back);
  }

  /** Messages for one reader: its share of what is there, so that readers who wait together get alike. */
  pull(reader: Reader, max: number): Handout[] {
    const share = Math.ceil(this.#available() / Math.max(1, this.#told.size));
    this.#told.delete(reader);
    const handouts: Handout[] = [];
    while (handouts.length < Math.min(max, share)) {
      const seq = this.#nextSeq();
      if (seq === undefined) break;
      this.#lease(seq);
      // A copy of what this very reader still works on is swallowed: its lease began anew.
      if (!reader.worksOn(seq)) handouts.push(this.#handout(seq));
    }
    if (handouts.length > 0) this.#readers.took(reader);
    if (this.#told.size === 0) this.wake();
    return handouts;
  }

  progress(): ConsumerProgress {
    const delivered = this.#cursor - 1;
    const open = [...this.#deliveries.keys()];
    const ackFloor = open.reduce((floor, seq) => Math.min(floor, seq - 1), delivered);
    let pending = 0;
    for (let seq = this.#cursor; seq < this.stream.log.end; seq++) if (this.#wants(this.stream.log.at(seq))) pending++;
    return { delivered, ackFloor, ackPending: open.length, pending };
  }

  /** What waits for its time: nacked, or leased to a reader that is gone. */
  *waiting(): Iterable<{ readonly seq: number; readonly dueAt: number; readonly nacked: boolean }> {
    for (const [seq, dueAt] of this.#naked.entries()) yield { seq, dueAt, nacked: true };
    const readers = this.#readers.members();
    for (const [seq, dueAt] of this.#leases.entries()) {
      if (!readers.some((reader) => reader.holds(seq))) yield { seq, dueAt, nacked: false };
    }
  }

  /** So many are there for a reader that takes them. */
  get ready(): number {
    return this.#again.length + this.progress().pending;
  }

  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  /** Whether this was its last delivery. */
  isLast(seq: number): boolean {
    return this.#isSpent(seq);
  }

  /** Settled for good, whether handled or not; a late one counts too, as on the server. */
  done(seq: number): void {
    const wasFull = this.#room <= 0;
    this.#leases.delete(seq);
    this.#naked.delete(seq);
    this.#deliveries.delete(seq);
    const place = this.#again.indexOf(seq);
    if (place >= 0) this.#again.splice(place, 1);
    this.stream.settled(seq);
    if (wasFull) this.wake();
  }

  /** Comes again in `ms`. */
  nak(seq: number, ms: number): void {
    if (!this.#leases.delete(seq)) return;
    if (ms > 0) this.#naked.set(seq, ms);
    else this.#comeAgain([seq]);
  }

  /** Whether it has yet to settle the message, or has given it up. */
  needs(seq: number): boolean {
    if (this.#deliveries.has(seq) || this.#givenUp.has(seq)) return true;
    return seq >= this.#cursor && this.#wants(this.stream.log.at(seq));
  }

  /** Still being worked on: the lease begins anew. */
  working(seq: number): void {
    if (this.#leases.has(seq)) this.#leases.set(seq, this.ackWaitMs);
  }

  /** Tells the readers that take something, the one whose turn it is first; a seed draws from their turns. */
  wake(): void {
    if (this.#available() === 0) return;
    this.#told.clear();
    for (const reader of [...this.#readers.inTurn()]) {
      if (!reader.free) continue;
      this.#told.add(reader);
      reader.wake();
    }
  }

  #comeAgain(seqs: readonly number[]): void {
    for (const seq of seqs) {
      if (this.#isSpent(seq)) this.#giveUp(seq);
      else this.#again.push(seq);
    }
    this.wake();
  }

  #isSpent(seq: number): boolean {
    return this.#maxDeliver > 0 && (this.#deliveries.get(seq) ?? 0) >= this.#maxDeliver;
  }

  #giveUp(seq: number): void {
    this.#deliveries.delete(seq);
    if (this.stream.retention !== 'limits') this.#givenUp.add(seq);
  }

  /** So many more may be out, those that wait to come again included. */
  get #room(): number {
    return this.#maxAckPending - this.#leases.size - this.#naked.size - this.#again.length;
  }

  /** An upper bound: what the filter leaves out is not looked at yet. */
  #available(): number {
    return this.#again.length + Math.min(this.stream.log.end - this.#cursor, Math.max(0, this.#room));
  }

  #nextSeq(): number | undefined {
    for (let again = this.#again.shift(); again !== undefined; again = this.#again.shift()) {
      if (this.stream.log.at(again) !== undefined) return again;
      // The stream keeps it no longer, so nobody can get it.
      this.#deliveries.delete(again);
    }
    this.#cursor = Math.max(this.#cursor, this.stream.log.first);
    while (this.#available() > 0) {
      const seq = this.#cursor++;
      if (this.#wants(this.stream.log.at(seq))) return seq;
    }
    return undefined;
  }

  #wants(stored: Stored | undefined): boolean {
    const { filter_subject: filter } = this.config;
    return (
      stored !== undefined &&
      reaches(stored, this.broker) &&
      (filter === undefined || subjectMatches(filter, stored.address))
    );
  }

  #lease(seq: number): void {
    this.#leases.set(seq, this.ackWaitMs);
    this.#deliveries.set(seq, (this.#deliveries.get(seq) ?? 0) + 1);
  }

  #handout(seq: number): Handout {
    const stored = this.stream.log.at(seq);
    if (stored === undefined) throw new RangeError(`${this.stream.name} holds no message ${seq}`);
    return { seq, stored, deliveries: this.#deliveries.get(seq) ?? 1 };
  }
}

import type { KafkaMessage } from 'kafkajs';

import type { Incoming, Lane, Settlement, Sink } from '../../../driver/index.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import { asError } from '../../../errors/index.js';
import { KafkaIncoming, type Origin } from './incoming.js';
import { Stash } from './stash.js';
import { MAX_BYTES, Watermark } from './watermark.js';

// Taken when the module loads: fake timers of a test must not hold up a broker.
const { setImmediate: nextTurn } = globalThis;

/** So many messages are handed over before the event loop gets a turn: a starved loop sees no closed socket. */
const SLICE = 1_024;

/** In the place of an offset. */
const UNKNOWN = -1;

/** A source, and where its messages go. */
export interface Reader {
  readonly spec: KafkaSourceSpec;
  readonly sink: Sink;
  /** No further `take`. */
  quiet: boolean;
}

/** One partition within one assignment: after a rebalance it is kept by the same member, or lost. */
export class PartitionLane implements Lane {
  readonly again = 'hold';
  readonly waits = true;
  readonly name: string;
  /** As `lost.aborted`, which takes a check of its own at each look. */
  isLost = false;
  /** The offset that the group has committed. */
  committed = UNKNOWN;
  /** Calls when finished work may be committed. */
  whenSettled: (() => void) | undefined;
  /** Calls when there is room after there was none. */
  whenRoom: (() => void) | undefined;
  /** Told what a sink threw. */
  whenFailed: ((thrown: Error) => void) | undefined;
  private readonly gone = new AbortController();
  private readonly stash = new Stash();
  private watermark: Watermark | undefined;
  /** The offset to fetch next, once the start position is fixed. */
  private fetchNext = -1;
  /** The offset after the last that is no message: a transaction's marker, an aborted or a compacted record. */
  private passed = UNKNOWN;
  private passedEarly = false;
  private rewound = false;
  /** So many of the next that are handed over were fetched before the offset was gone. */
  private outdated = 0;
  private bytes = 0;
  private pumping = false;
  private draining = false;
  private wake: (() => void) | undefined;
  private waiting: (() => void)[] = [];

  constructor(
    readonly origin: Origin,
    readonly reader: Reader,
  ) {
    this.name = `${origin.topic}[${origin.partition}]`;
  }

  /** Read by delivery, which tells it where nothing else goes on. */
  get fullBy(): string | undefined {
    return this.wake === undefined ? undefined : '8 MiB';
  }

  get source(): KafkaSourceSpec {
    return this.reader.spec;
  }

  get lost(): AbortSignal {
    return this.gone.signal;
  }

  /** Whether its start position is known and stored. */
  get isFixed(): boolean {
    return this.watermark !== undefined;
  }

  /** The offset to fetch next; undefined while the start position is not fixed. */
  get next(): number | undefined {
    return this.isFixed ? this.fetchNext : undefined;
  }

  /** Whether there is room for a fetched batch. */
  get hasRoom(): boolean {
    return this.stash.isLow(SLICE) || this.isLost || this.reader.quiet;
  }

  /** The offset to commit, or undefined when that is committed already. */
  get uncommitted(): number | undefined {
    const position = this.position;
    return this.isLost || position === this.committed ? undefined : position;
  }

  /** Whether what is no message went by before the start position was fixed: it has to be fetched again. */
  get wasPassedEarly(): boolean {
    return this.passedEarly && !this.rewound;
  }

  /** The start position is fixed and stored: the lane begins. */
  begin(offset: number): void {
    if (this.isLost) return;
    this.watermark = new Watermark(this.rewound ? UNKNOWN : offset);
    this.committed = this.rewound ? UNKNOWN : offset;
    this.fetchNext = this.rewound ? 0 : offset;
    this.reader.sink.opened(this);
    this.wakeAll();
  }

  /** Takes what was fetched. What lies below the next offset was handed over before, and is dropped. */
  offer(batch: readonly KafkaMessage[]): void {
    const last = batch.at(-1);
    if (last === undefined || this.isLost) return;
    const isNew = Number(batch[0]?.offset) >= this.fetchNext;
    this.stash.push(isNew ? batch : batch.filter(({ offset }) => Number(offset) >= this.fetchNext));
    this.fetchNext = Math.max(this.fetchNext, Number(last.offset) + 1);
    void this.pump();
  }

  /**
   * All that was fetched up to this offset and not offered is no message. With a commit that stops before it, lag
   * would never be 0, and once retention took it a restart would tell of a loss that is none.
   */
  pass(last: number): void {
    if (this.isLost) return;
    if (!this.isFixed) this.passedEarly = true;
    else if (last >= this.passed) {
      this.passed = last + 1;
      this.fetchNext = Math.max(this.fetchNext, this.passed);
      this.whenSettled?.();
    }
  }

  /**
   * The offset is gone from the server: whatever comes next is taken, also what is lower (a topic made anew). What is
   * unsettled or waits here is gone with it, or comes again, and counts no more: its offset means another message by now.
   */
  rewind(): void {
    this.rewound = true;
    this.fetchNext = 0;
    this.passed = UNKNOWN;
    this.committed = UNKNOWN;
    this.outdated = this.stash.length;
    if (this.isFixed) this.watermark = new Watermark(UNKNOWN);
  }

  /** Resolves when there is room, or the lane is lost, or it begins. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  settle(message: Incoming, _how: Settlement): void {
    if (this.isLost || !(message instanceof KafkaIncoming) || message.settled) return;
    message.settled = true;
    this.bytes -= message.size;
    this.watermark?.finish(message);
    this.whenSettled?.();
    if (this.wake !== undefined && this.bytes < MAX_BYTES) this.goOn();
  }

  /** Hands nothing more over; resolves when what was handed over and has begun is over. Never rejects. */
  async drain(): Promise<void> {
    this.draining = true;
    this.end();
    await this.reader.sink.drain?.(this).catch(() => undefined);
  }

  /** Its queue vanishes, and later calls do nothing. */
  lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.stash.clear();
    this.gone.abort(new Error(`${this.name} was taken away`));
    this.end();
  }

  /** Wakes what waits, after `reader.quiet` was set. */
  end(): void {
    this.goOn();
    this.wakeAll();
  }

  /** What is no message is passed only once no message waits before it. */
  private get position(): number | undefined {
    const { watermark } = this;
    if (watermark === undefined || watermark.pending > 0 || this.stash.length > 0) return watermark?.position;
    return Math.max(watermark.position, this.passed);
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    while (this.stash.length > 0 && !this.isLost && !this.reader.quiet && !this.draining) {
      const full = this.handOver(this.stash.shift(SLICE));
      if (this.hasRoom) this.tellRoom();
      if (full !== undefined) await this.roomOrEnd(full);
      else if (this.stash.length > 0) await new Promise((resolve) => nextTurn(resolve));
    }
    this.pumping = false;
  }

  private handOver(messages: readonly KafkaMessage[]): Promise<void> | undefined {
    const batch = messages.map((message) => new KafkaIncoming(this.origin, message));
    for (const { size } of batch) this.bytes += size;
    if (this.outdated > 0) this.outdated -= batch.length;
    else this.watermark?.deliver(batch);
    const full = this.take(batch);
    if (this.bytes >= MAX_BYTES) return Promise.all([full, this.lighter()]).then(() => undefined);
    return full;
  }

  /** A sink does not throw; if one did, its messages would stay unsettled, and the others go on. */
  private take(batch: readonly KafkaIncoming[]): Promise<void> | undefined {
    try {
      return this.reader.sink.take(this, batch) ?? undefined;
    } catch (thrown) {
      this.whenFailed?.(asError(thrown));
      return undefined;
    }
  }

  private lighter(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private roomOrEnd(room: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      void room.then(resolve);
      this.waiting.push(resolve);
    });
  }

  private goOn(): void {
    this.wake?.();
    this.wake = undefined;
  }

  private tellRoom(): void {
    this.whenRoom?.();
    this.wakeAll();
  }

  private wakeAll(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

import { BatchQueue, nextTurn } from '../../../async/index.js';
import type { Incoming, Lane, Settlement, Sink } from '../../../driver/index.js';
import type { KafkaSourceSpec } from '../../source-spec.js';
import { asError } from '../../../errors/index.js';
import type { FetchedRecord } from '../client/records.js';
import { KafkaRecord, type Origin } from './record.js';
import { MAX_BYTES, CommitWatermark } from './commit-watermark.js';

/** The number of messages handed over before the event loop gets a turn: a starved loop sees no closed socket. */
const SLICE = 1_024;

/** Instead of an offset. */
const UNKNOWN = -1;

/** A source, and where its messages go. */
export interface TopicSubscription {
  readonly spec: KafkaSourceSpec;
  readonly sink: Sink;
  /** Nothing more is handed over. */
  quiet: boolean;
}

/** The consumer that a lane belongs to. */
export interface PartitionLaneOwner {
  /** Finished work may be committed. */
  settled(): void;
  /** There is room after there was none. */
  hasRoom(lane: PartitionLane): void;
  /** A sink has thrown. */
  failed(lane: PartitionLane, cause: Error): void;
}

/** One partition within one assignment: a rebalance keeps it for the same member, or ends it. */
export class PartitionLane implements Lane {
  readonly redelivery = 'in-place';
  readonly backpressure = true;
  readonly name: string;
  /** The same as `lost.aborted`, which is slower to read. */
  isLost = false;
  /** The offset that the group has committed. */
  committed = UNKNOWN;
  private readonly gone = new AbortController();
  private readonly fetched = new BatchQueue<FetchedRecord>();
  private watermark: CommitWatermark | undefined;
  /** The offset to fetch next, once the lane has begun. */
  private fetchNext = -1;
  /** The offset after the last that is no message: a transaction's marker, an aborted or a compacted record. */
  private passed = UNKNOWN;
  private passedEarly = false;
  private rewound = false;
  /** The number of waiting messages that were fetched before the server lost the offset. */
  private outdated = 0;
  private bytes = 0;
  private pumping = false;
  private draining = false;
  private wake: (() => void) | undefined;
  private waiting: (() => void)[] = [];

  constructor(
    readonly origin: Origin,
    readonly subscription: TopicSubscription,
    private readonly owner: PartitionLaneOwner,
  ) {
    this.name = `${origin.topic}[${origin.partition}]`;
  }

  /** Reported by delivery while nothing else happens on the lane. */
  get fullBy(): string | undefined {
    return this.wake === undefined ? undefined : '8 MiB';
  }

  get source(): KafkaSourceSpec {
    return this.subscription.spec;
  }

  get lost(): AbortSignal {
    return this.gone.signal;
  }

  /** Whether its initial offset is committed. */
  get isFixed(): boolean {
    return this.watermark !== undefined;
  }

  /** The offset to fetch next; undefined before the lane has begun. */
  get next(): number | undefined {
    return this.isFixed ? this.fetchNext : undefined;
  }

  /**
   * Whether there is room for a fetched batch: one batch is left at most, and little of it. Dropped and fetched once
   * more it would cost the network twice; waiting until nothing is left would cost a pause as long as a long poll.
   */
  get hasRoom(): boolean {
    const { length, batchCount } = this.fetched;
    return (length <= SLICE && batchCount <= 1) || this.isLost || this.subscription.quiet;
  }

  /** Whether it hands nothing more over. */
  get isDraining(): boolean {
    return this.draining;
  }

  /** The offset to commit; undefined if it is committed already. */
  get uncommitted(): number | undefined {
    const position = this.position;
    return this.isLost || position === this.committed ? undefined : position;
  }

  /** Whether markers or aborted records were passed before the lane began: they have to be fetched again. */
  get wasPassedEarly(): boolean {
    return this.passedEarly && !this.rewound;
  }

  /** The initial offset is committed: the lane begins. */
  begin(offset: number): void {
    if (this.isLost) return;
    this.watermark = new CommitWatermark(this.rewound ? UNKNOWN : offset);
    this.committed = this.rewound ? UNKNOWN : offset;
    this.fetchNext = this.rewound ? 0 : offset;
    this.subscription.sink.opened(this);
    this.wakeAll();
  }

  /** Takes a fetched batch. Messages below the next offset were handed over before, and are dropped. */
  offer(batch: readonly FetchedRecord[]): void {
    const last = batch.at(-1);
    if (last === undefined || this.isLost) return;
    const isNew = Number(batch[0]?.offset) >= this.fetchNext;
    this.fetched.push(isNew ? batch : batch.filter(({ offset }) => Number(offset) >= this.fetchNext));
    this.fetchNext = Math.max(this.fetchNext, Number(last.offset) + 1);
    void this.pump();
  }

  /**
   * Everything up to this offset that was not offered is a marker, an aborted or a compacted record. If commits stopped
   * before them, lag would never be 0, and once retention deleted them a restart would report a loss that is none.
   */
  pass(last: number): void {
    if (this.isLost) return;
    if (!this.isFixed) this.passedEarly = true;
    else if (last >= this.passed) {
      this.passed = last + 1;
      this.fetchNext = Math.max(this.fetchNext, this.passed);
      this.owner.settled();
    }
  }

  /**
   * The server has lost the offset: the next messages are taken even if their offsets are lower (a topic that was
   * created again). Unsettled and waiting messages no longer count: their offsets mean other messages by now.
   */
  rewind(): void {
    this.rewound = true;
    this.fetchNext = 0;
    this.passed = UNKNOWN;
    this.committed = UNKNOWN;
    this.outdated = this.fetched.length;
    if (this.isFixed) this.watermark = new CommitWatermark(UNKNOWN);
  }

  /** Resolves when the lane has room, begins or is lost. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  settle(message: Incoming, _how: Settlement): void {
    if (this.isLost || !(message instanceof KafkaRecord) || message.settled) return;
    message.settled = true;
    this.bytes -= message.size;
    this.watermark?.finish(message);
    this.owner.settled();
    if (this.wake !== undefined && this.bytes < MAX_BYTES) this.goOn();
  }

  /** Hands nothing more over. Resolves when handlers that have begun are over. Never rejects. */
  async drain(): Promise<void> {
    this.draining = true;
    this.end();
    await this.subscription.sink.drain?.(this).catch(() => undefined);
  }

  /** Drops its queue; later calls do nothing. */
  lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.fetched.clear();
    this.gone.abort(new Error(`${this.name} was lost in a rebalance`));
    this.end();
  }

  /** Wakes waiting callers, after `subscription.quiet` was set. */
  end(): void {
    this.goOn();
    this.wakeAll();
  }

  /** Markers and aborted records count only once no message waits before them. */
  private get position(): number | undefined {
    const { watermark } = this;
    if (watermark === undefined || watermark.pending > 0 || this.fetched.length > 0) return watermark?.position;
    return Math.max(watermark.position, this.passed);
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    while (this.fetched.length > 0 && !this.isLost && !this.subscription.quiet && !this.draining) {
      const full = this.handOver(this.fetched.shiftMany(SLICE));
      if (this.hasRoom) this.tellRoom();
      if (full !== undefined) await this.roomOrEnd(full);
      else if (this.fetched.length > 0) await nextTurn();
    }
    this.pumping = false;
  }

  private handOver(messages: readonly FetchedRecord[]): Promise<void> | undefined {
    // What map() makes is an array of another kind once it is compiled, for which others are compiled anew.
    const batch = new Array<KafkaRecord>(messages.length);
    for (const [index, message] of messages.entries()) {
      const record = new KafkaRecord(this.origin, message);
      this.bytes += record.size;
      batch[index] = record;
    }
    if (this.outdated > 0) this.outdated -= batch.length;
    else this.watermark?.deliver(batch);
    const full = this.take(batch);
    if (this.bytes >= MAX_BYTES) return Promise.all([full, this.lighter()]).then(() => undefined);
    return full;
  }

  /** Sinks do not throw; if one did, its messages would stay unsettled and others go on. */
  private take(batch: readonly KafkaRecord[]): Promise<void> | undefined {
    try {
      return this.subscription.sink.take(this, batch) ?? undefined;
    } catch (thrown) {
      this.owner.failed(this, asError(thrown));
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
    this.owner.hasRoom(this);
    this.wakeAll();
  }

  private wakeAll(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

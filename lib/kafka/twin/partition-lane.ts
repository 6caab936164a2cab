import { LazyAbortController } from '../../async/index.js';
import type { DriverContext, Incoming, Lane, Settlement, Sink } from '../../driver/index.js';
import { errorOf } from '../../errors/index.js';
import { Feed, laneEnded, type Receiver, reaches, turnsOf } from '../../twin/index.js';
import { MAX_BYTES, CommitWatermark } from '../driver/consumer/commit-watermark.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { paramsOf } from '../topic-pattern.js';
import type { ConsumerGroup } from './consumer-group.js';
import { TwinRecord } from './twin-record.js';
import type { TwinTopic } from './twin-topic.js';

/** One partition within one assignment. Most of it is made at the first message: in a test most partitions get none. */
export class PartitionLane implements Lane {
  readonly name: string;
  readonly redelivery = 'in-place';
  readonly backpressure = true;
  private readonly gone = new LazyAbortController();
  private feed: Feed | undefined;
  private watermark: CommitWatermark | undefined;
  private receiver: Receiver | undefined;
  private readonly stopReading: () => void;
  private isQuiet = false;
  private nextOffset: number;
  /** Of unsettled messages. */
  private bytes = 0;
  /** Nothing more is handed over until some are settled. */
  private isHeavy = false;

  constructor(
    readonly source: KafkaSourceSpec,
    private readonly topic: TwinTopic,
    private readonly partition: number,
    private readonly group: ConsumerGroup,
    private readonly sink: Sink,
    private readonly io: DriverContext,
  ) {
    this.name = `${topic.name}[${partition}]`;
    this.nextOffset = group.committed(topic.name, partition) ?? 0;
    this.stopReading = topic.read(partition, this.wake);
  }

  get lost(): AbortSignal {
    return this.gone.signal;
  }

  get fullBy(): string | undefined {
    return this.isHeavy ? '8 MiB' : undefined;
  }

  /** The offset of the message to hand over next. */
  get next(): number {
    return this.nextOffset;
  }

  /** Begins to hand over waiting messages. An empty partition takes no turn of the event loop. */
  open(): void {
    if (this.topic.partition(this.partition).end > this.nextOffset) this.wake();
  }

  settle(message: Incoming, _how: Settlement): void {
    if (this.gone.aborted || !(message instanceof TwinRecord) || message.settled) return;
    message.settled = true;
    this.bytes -= message.size;
    this.watermark?.finish(message);
    this.commit();
    if (this.isHeavy && this.bytes < MAX_BYTES) {
      this.isHeavy = false;
      this.wake();
    }
  }

  stopFetching(): void {
    this.isQuiet = true;
    this.feed?.stop();
  }

  /** Another member, or none, has the partition now: unsettled messages are read again, from the watermark. */
  lose(): void {
    this.stopReading();
    this.stopFetching();
    this.gone.abort(laneEnded);
  }

  private readonly wake = (): void => {
    if (this.isQuiet) return;
    this.feed ??= new Feed(this, this.sink, turnsOf(this.io), (max) => this.fetch(max));
    this.feed.wake();
  };

  private commit(): void {
    if (this.watermark !== undefined) this.group.commit(this.topic.name, this.partition, this.watermark.position);
  }

  private fetch(max: number): TwinRecord[] {
    const log = this.topic.partition(this.partition);
    const watermark = (this.watermark ??= new CommitWatermark(this.nextOffset));
    const receiver = (this.receiver ??= this.newReceiver());
    this.skipLost(log.first);
    const batch: TwinRecord[] = [];
    const passed: TwinRecord[] = [];
    for (
      let stored = log.at(this.nextOffset);
      stored !== undefined && batch.length < max;
      stored = log.at(this.nextOffset)
    ) {
      this.isHeavy = this.bytes >= MAX_BYTES;
      if (this.isHeavy) break;
      const record = new TwinRecord(stored, receiver, this.partition, this.nextOffset++);
      if (reaches(stored, receiver.broker)) batch.push(record);
      else record.settled = true;
      if (!record.settled) this.bytes += record.size;
      passed.push(record);
    }
    watermark.deliver(passed);
    // Messages for other brokers are skipped, and committed.
    for (const record of passed) if (record.settled) watermark.finish(record);
    if (passed.length > batch.length) this.commit();
    return batch;
  }

  private newReceiver(): Receiver {
    return { broker: this.io.broker, params: paramsOf(this.source.topic, this.topic.name) };
  }

  /** Reports and skips messages that retention deleted before they were read (`auto.offset.reset: earliest`). */
  private skipLost(first: number): void {
    if (this.nextOffset >= first) return;
    const { log, broker } = this.io;
    const params = { lane: this.name, broker, offset: this.nextOffset };
    log.error(errorOf('MULTI_BROKER_LOST_BY_RETENTION.twin', params).message);
    this.nextOffset = first;
  }
}

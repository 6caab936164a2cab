import {
  type Incoming,
  type Io,
  type Lane,
  LazyAbortController,
  type Settlement,
  type Sink,
} from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import { Feed, laneEnded, type Receiver, reaches, turnsOf } from '../../twin/index.js';
import { paramsOf } from '../driver/consumer/topics.js';
import { MAX_BYTES, Watermark } from '../driver/consumer/watermark.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import type { ConsumerGroup } from './consumer-group.js';
import { TwinRecord } from './twin-record.js';
import type { TwinTopic } from './twin-topic.js';

/** One partition within one assignment. */
export class PartitionLane implements Lane {
  readonly name: string;
  readonly again = 'hold';
  readonly waits = true;
  readonly #lost = new LazyAbortController();
  readonly #feed: Feed;
  readonly #watermark: Watermark;
  readonly #stopReading: () => void;
  readonly #receiver: Receiver;
  #next: number;
  /** Of what is unsettled. */
  #bytes = 0;
  /** Nothing more is handed over before it is less. */
  #isHeavy = false;

  constructor(
    readonly source: KafkaSourceSpec,
    private readonly topic: TwinTopic,
    private readonly partition: number,
    private readonly group: ConsumerGroup,
    sink: Sink,
    private readonly io: Io,
  ) {
    this.name = `${topic.name}[${partition}]`;
    this.#next = group.committed(topic.name, partition) ?? 0;
    this.#watermark = new Watermark(this.#next);
    this.#receiver = { broker: io.broker, params: paramsOf(source.topic, topic.name) };
    this.#feed = new Feed(this, sink, turnsOf(io), (max) => this.#fetch(max));
    this.#stopReading = topic.read(partition, this.#feed.wake);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get fullBy(): string | undefined {
    return this.#isHeavy ? '8 MiB' : undefined;
  }

  /** The offset of what is handed over next. */
  get next(): number {
    return this.#next;
  }

  /** Begins to hand over, what is there already first. Of an empty partition no turn of the event loop is asked for. */
  open(): void {
    if (this.topic.partition(this.partition).end > this.#next) this.#feed.wake();
  }

  settle(message: Incoming, _how: Settlement): void {
    if (this.#lost.aborted || !(message instanceof TwinRecord) || message.settled) return;
    message.settled = true;
    this.#bytes -= message.size;
    this.#watermark.finish(message);
    this.#commit();
    if (this.#isHeavy && this.#bytes < MAX_BYTES) {
      this.#isHeavy = false;
      this.#feed.wake();
    }
  }

  quiet(): void {
    this.#feed.stop();
  }

  /** Another member has it now, or nobody: what is unsettled is read again, from the watermark. */
  lose(): void {
    this.#stopReading();
    this.#feed.stop();
    this.#lost.abort(laneEnded);
  }

  #commit(): void {
    this.group.commit(this.topic.name, this.partition, this.#watermark.position);
  }

  #fetch(max: number): TwinRecord[] {
    const log = this.topic.partition(this.partition);
    this.#goOnFrom(log.first);
    const batch: TwinRecord[] = [];
    const passed: TwinRecord[] = [];
    for (let stored = log.at(this.#next); stored !== undefined && batch.length < max; stored = log.at(this.#next)) {
      this.#isHeavy = this.#bytes >= MAX_BYTES;
      if (this.#isHeavy) break;
      const record = new TwinRecord(stored, this.#receiver, this.partition, this.#next++);
      if (reaches(stored, this.#receiver.broker)) batch.push(record);
      else record.settled = true;
      if (!record.settled) this.#bytes += record.size;
      passed.push(record);
    }
    this.#watermark.deliver(passed);
    // What is not for this broker is passed over, and the commit with it.
    for (const record of passed) if (record.settled) this.#watermark.finish(record);
    if (passed.length > batch.length) this.#commit();
    return batch;
  }

  /** What the retention took before it was read is told, and passed over: `auto.offset.reset` to the earliest. */
  #goOnFrom(first: number): void {
    if (this.#next >= first) return;
    const { log, broker } = this.io;
    const what = `${this.name} of broker '${broker}': the messages from offset ${this.#next} are gone; it goes on with the oldest there are`;
    log.error(new MultiBrokerError('MULTI_BROKER_LOST_BY_RETENTION', what, { broker }).message);
    this.#next = first;
  }
}

import type { Incoming, Io, Lane, Settlement, Sink } from '../../driver/index.js';
import { Arrived, Feed, turnsOf } from '../../twin/index.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import type { ConsumerGroup } from './consumer-group.js';
import { positionOf } from './positions.js';
import { rawRecord } from './raw-record.js';
import type { TwinTopic } from './twin-topic.js';
import { topicParams } from './topic-params.js';
import { Watermark } from './watermark.js';

/** One partition within one assignment. */
export class PartitionLane implements Lane {
  readonly name: string;
  readonly again = 'hold';
  readonly waits = true;
  readonly #lost = new AbortController();
  readonly #feed: Feed;
  readonly #offsets = new Map<Incoming, number>();
  readonly #watermark: Watermark;
  readonly #stopReading: () => void;
  readonly #params: Readonly<Record<string, string>> | undefined;
  #next: number;

  constructor(
    readonly source: KafkaSourceSpec,
    private readonly topic: TwinTopic,
    private readonly partition: number,
    private readonly group: ConsumerGroup,
    sink: Sink,
    io: Io,
  ) {
    this.name = `${topic.name}[${partition}]`;
    this.#next = group.committed(topic.name, partition) ?? 0;
    this.#watermark = new Watermark(this.#next);
    this.#params = topicParams(source.topic, topic.name);
    this.#feed = new Feed(this, sink, turnsOf(io), (max) => this.#fetch(max));
    this.#stopReading = topic.read(partition, this.#feed.wake);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Begins to hand over, what is there already first. */
  open(): void {
    this.#feed.wake();
  }

  settle(message: Incoming, _how: Settlement): void {
    const offset = this.#offsets.get(message);
    if (offset === undefined || this.lost.aborted) return;
    this.#offsets.delete(message);
    this.#watermark.done(offset);
    this.group.commit(this.topic.name, this.partition, this.#watermark.position);
  }

  quiet(): void {
    this.#feed.stop();
  }

  /** Another member has it now, or nobody: what is unsettled is read again, from the watermark. */
  lose(): void {
    this.#stopReading();
    this.#feed.stop();
    this.#offsets.clear();
    this.#lost.abort();
  }

  #fetch(max: number): Incoming[] {
    const log = this.topic.partition(this.partition);
    const batch: Incoming[] = [];
    while (batch.length < max && this.#next < log.end) batch.push(this.#arrive(this.#next++));
    return batch;
  }

  #arrive(offset: number): Incoming {
    const stored = this.topic.partition(this.partition).at(offset);
    if (stored === undefined) throw new RangeError(`${this.name} has no offset ${offset}`);
    this.#watermark.taken(offset);
    const message = new Arrived(stored, {
      position: positionOf(this.topic.name, this.partition, offset),
      deliveries: 1,
      params: this.#params,
      raw: () => rawRecord(stored, this.partition, offset),
    });
    this.#offsets.set(message, offset);
    return message;
  }
}

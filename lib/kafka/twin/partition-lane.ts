import type { Incoming, Io, Lane, Settlement, Sink } from '../../driver/index.js';
import { Feed, LANE_ENDED, turnsOf } from '../../twin/index.js';
import { paramsOf } from '../driver/consumer/topics.js';
import { Watermark } from '../driver/consumer/watermark.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import type { ConsumerGroup } from './consumer-group.js';
import { TwinRecord } from './twin-record.js';
import type { TwinTopic } from './twin-topic.js';

/** One partition within one assignment. */
export class PartitionLane implements Lane {
  readonly name: string;
  readonly again = 'hold';
  readonly waits = true;
  readonly #lost = new AbortController();
  readonly #feed: Feed;
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
    this.#params = paramsOf(source.topic, topic.name);
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
    if (this.lost.aborted || !(message instanceof TwinRecord) || message.settled) return;
    message.settled = true;
    this.#watermark.advance();
    this.group.commit(this.topic.name, this.partition, this.#watermark.position);
  }

  quiet(): void {
    this.#feed.stop();
  }

  /** Another member has it now, or nobody: what is unsettled is read again, from the watermark. */
  lose(): void {
    this.#stopReading();
    this.#feed.stop();
    this.#lost.abort(LANE_ENDED);
  }

  #fetch(max: number): TwinRecord[] {
    const log = this.topic.partition(this.partition);
    const batch: TwinRecord[] = [];
    for (let stored = log.at(this.#next); stored !== undefined && batch.length < max; stored = log.at(this.#next)) {
      batch.push(new TwinRecord(stored, this.partition, this.#next++, this.#params));
    }
    this.#watermark.deliver(batch);
    return batch;
  }
}

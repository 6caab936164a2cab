import type { DriverContext, Incoming, KeptAccess, KeptMessages } from '../../driver/index.js';
import { reaches } from '../../twin/index.js';
import type { DoneOffsets } from '../done-offsets.js';
import type { ConsumerGroup } from './consumer-group.js';
import { TwinRecord } from './twin-record.js';
import type { TwinTopic } from './twin-topic.js';

/** What a topic holds for a group: partition after partition, each in order. */
export class KeptTwinRecords implements KeptMessages {
  readonly size: number;
  private readonly records: IterableIterator<TwinRecord>;

  constructor(
    topic: TwinTopic,
    private readonly group: ConsumerGroup,
    private readonly access: KeptAccess,
    io: DriverContext,
  ) {
    const all = [...topic.partitions.keys()].flatMap((partition) =>
      recordsOf(topic, partition, group.done(topic.name, partition), io),
    );
    this.size = all.length;
    this.records = all.values();
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    signal.throwIfAborted();
    const { value } = this.records.next() as IteratorResult<TwinRecord, undefined>;
    return value;
  }

  async done(message: Incoming): Promise<void> {
    if (this.access === 'look' || !(message instanceof TwinRecord)) return;
    this.group.done(message.address, message.partition).add(message.offset);
  }

  async close(): Promise<void> {
    // What is done is known at once.
  }
}

function recordsOf(topic: TwinTopic, partition: number, done: DoneOffsets, io: DriverContext): TwinRecord[] {
  const log = topic.partition(partition);
  const records: TwinRecord[] = [];
  for (let offset = Math.max(log.first, done.floor); offset < log.end; offset++) {
    const stored = log.at(offset);
    if (stored === undefined || done.has(offset) || !reaches(stored, io.broker)) continue;
    records.push(new TwinRecord(stored, { broker: io.broker, params: undefined }, partition, offset));
  }
  return records;
}

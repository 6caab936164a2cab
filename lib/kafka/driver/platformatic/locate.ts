import type { FetchPosition } from './fetch-position.js';
import type { BytesConsumer } from './membership.js';

/** Of a question for the oldest offset. */
const OLDEST = -2n;

/**
 * Finds where partitions begin: at the offset that their group has committed, else at the oldest record. One without a leader
 * stays where it is not known: the client would ask for none of the others.
 */
export async function locate(consumer: BytesConsumer, positions: readonly FetchPosition[]): Promise<void> {
  const versions = new Map(positions.map((position) => [position, position.version]));
  const begin = (position: FetchPosition, offset: number): void => {
    if (position.version === versions.get(position)) position.next ??= offset;
  };
  const committed = positions.filter(({ fromOldest }) => !fromOldest);
  if (committed.length > 0) {
    const topics = [...byTopic(committed)].map(([topic, partitions]) => ({ topic, partitions }));
    const found = await consumer.listCommittedOffsets({ topics });
    for (const position of committed) {
      const offset = Number(found.get(position.topic)?.[position.partition] ?? -1n);
      if (offset >= 0) begin(position, offset);
    }
  }
  const left = await withLeader(
    consumer,
    positions.filter((position) => position.next === undefined),
  );
  if (left.length === 0) return;
  const partitions = byTopic(left);
  const asked = { topics: [...partitions.keys()], partitions: Object.fromEntries(partitions), timestamp: OLDEST };
  const oldest = await consumer.listOffsets(asked);
  for (const position of left) begin(position, Number(oldest.get(position.topic)?.[position.partition] ?? 0n));
}

async function withLeader(consumer: BytesConsumer, positions: readonly FetchPosition[]): Promise<FetchPosition[]> {
  if (positions.length === 0) return [];
  const { topics } = await consumer.metadata({ topics: [...byTopic(positions).keys()], autocreateTopics: false });
  return positions.filter(({ topic, partition }) => (topics.get(topic)?.partitions[partition]?.leader ?? -1) >= 0);
}

function byTopic(positions: readonly FetchPosition[]): ReadonlyMap<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of positions) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return topics;
}

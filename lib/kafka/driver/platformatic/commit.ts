import type { PartitionOffset } from '../client/records.js';
import type { BytesConsumer } from './membership.js';
import type { Platformatic } from '../../platformatic/options.js';
import { answered, type Link, requestOf } from './requests.js';

/** Commits offsets with their metadata, which the client's own commit leaves out. By the classic protocol only. */
export async function commitWithMetadata(
  platformatic: Platformatic,
  consumer: BytesConsumer,
  offsets: readonly PartitionOffset[],
): Promise<void> {
  const coordinator = await consumer.findGroupCoordinator();
  const { brokers } = await consumer.metadata({ topics: [] });
  const broker = brokers.get(coordinator);
  if (broker === undefined) throw new Error('The coordinator of the group is not known');
  const connection: Link = await consumer.connections.get(broker);
  const commit = await requestOf(consumer, platformatic, 'OffsetCommit');
  const { groupId, generationId, memberId, groupInstanceId } = consumer;
  await answered((answer) => {
    commit(connection, groupId, generationId, memberId ?? '', groupInstanceId, topicsOf(offsets), answer);
  });
}

function topicsOf(offsets: readonly PartitionOffset[]): object[] {
  const topics = new Map<string, object[]>();
  for (const { topic, partition: partitionIndex, offset, metadata } of offsets) {
    const partitions = topics.get(topic) ?? [];
    const committedMetadata = metadata ?? null;
    partitions.push({ partitionIndex, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata });
    topics.set(topic, partitions);
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}

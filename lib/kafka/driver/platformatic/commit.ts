import type { PartitionOffset } from '../client/records.js';
import type { BytesConsumer } from './membership.js';
import type { Platformatic } from '../../platformatic/options.js';

type Callback = (error: Error | null, answer?: unknown) => void;
/** Of every version of the request. */
type OffsetCommit = (
  connection: unknown,
  groupId: string,
  generation: number,
  memberId: string,
  instanceId: string | null,
  topics: readonly object[],
  callback: Callback,
) => void;

/** Commits offsets with their metadata, which the client's own commit leaves out. By the classic protocol only. */
export async function commitWithMetadata(
  { kGetApi }: Platformatic,
  consumer: BytesConsumer,
  offsets: readonly PartitionOffset[],
): Promise<void> {
  const coordinator = await consumer.findGroupCoordinator();
  const { brokers } = await consumer.metadata({ topics: [] });
  const broker = brokers.get(coordinator);
  if (broker === undefined) throw new Error('The coordinator of the group is not known');
  const connection = await consumer.connections.get(broker);
  const client = consumer as unknown as Record<symbol, (name: string, callback: Callback) => void>;
  const commit = (await promised((callback) => client[kGetApi]?.('OffsetCommit', callback))) as OffsetCommit;
  const { groupId, generationId, memberId, groupInstanceId } = consumer;
  await promised((callback) => {
    commit(connection, groupId, generationId, memberId ?? '', groupInstanceId, topicsOf(offsets), callback);
  });
}

function promised(ask: (callback: Callback) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ask((error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
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

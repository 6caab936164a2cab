import type { ConsumerOptions } from '@platformatic/kafka';
import { assign, type GroupTopic } from '../../partitioner.js';
import { ASSIGNER } from '../client/consumer-port.js';

type GroupOptions = Extract<
  ConsumerOptions<Buffer, Buffer, Buffer, Buffer>,
  { partitionAssigner?: unknown; protocolsMetadata?: unknown }
>;
type PartitionsAssigner = NonNullable<GroupOptions['partitionAssigner']>;
type ProtocolsMetadata = NonNullable<GroupOptions['protocolsMetadata']>;
type Member = Parameters<PartitionsAssigner>[1] extends Map<string, infer M> ? M : never;

/** kafkajs's own name, which members of plain kafkajs have, too. */
const STOCK = 'RoundRobinAssigner';

/** What a member of the classic protocol offers. The version is that of kafkajs, with whose members it shares a group. */
export const CLASSIC: Pick<GroupOptions, 'protocols' | 'protocolsMetadata' | 'partitionAssigner'> = {
  protocols: [ASSIGNER, STOCK].map((name) => ({ name, version: 0 })),
  protocolsMetadata: toldBy,
  partitionAssigner: shared,
};

/**
 * The number of partitions of each topic, in their order: a leader of kafkajs asks the cluster for its own topics alone. Where
 * partitions are added it differs, without which the server ignores a member that joins again.
 */
function toldBy(...[, topics, metadata]: Parameters<ProtocolsMetadata>): Buffer {
  const partitions = topics.map((topic) => metadata.topics.get(topic)?.partitionsCount ?? 0);
  return Buffer.from(JSON.stringify({ partitions }));
}

/** Called where this member leads its group and is not alone in it. The metadata are of the topics of all members. */
function shared(...[, members, own, metadata]: Parameters<PartitionsAssigner>): ReturnType<PartitionsAssigner> {
  const all = [...members.values()].sort((one, other) => (one.memberId < other.memberId ? -1 : 1));
  const topics = new Set([...own, ...all.flatMap((member) => member.topics ?? [])]);
  const shares = new Map(
    all.map(({ memberId }) => [memberId, new Map<string, { topic: string; partitions: number[] }>()]),
  );
  const wanted = [...topics].map((topic): GroupTopic<string, Member> => {
    const readers = all.filter((member) => member.topics?.includes(topic) === true);
    const known = metadata.topics.get(topic)?.partitionsCount ?? 0;
    return { topic, partitions: Math.max(known, ...readers.map((member) => toldOf(member, topic))), readers };
  });
  for (const { topic, partition, owner } of assign(wanted)) {
    const share = shares.get(owner.memberId);
    const of = share?.get(topic) ?? { topic, partitions: [] };
    of.partitions.push(partition);
    share?.set(topic, of);
  }
  return [...shares].map(([memberId, assignments]) => ({ memberId, assignments }));
}

/** A member may have asked the cluster later than the leader. Other clients tell nothing, or something else. */
function toldOf({ topics, metadata }: Member, topic: string): number {
  try {
    const { partitions } = JSON.parse(String(metadata)) as { readonly partitions?: readonly unknown[] };
    const count = partitions?.[topics?.indexOf(topic) ?? -1];
    return Number.isSafeInteger(count) ? Number(count) : 0;
  } catch {
    return 0;
  }
}

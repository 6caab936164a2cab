import type {
  Assigner,
  Assignment,
  Cluster,
  GroupMember,
  GroupMemberAssignment,
  GroupState,
  PartitionAssigner,
} from 'kafkajs';
import type { Kafkajs } from '../../load-client.js';
import { assign, type GroupTopic } from '../../partitioner.js';
import { ASSIGNER } from '../client/consumer-port.js';

/** kafkajs's own name, which members of plain kafkajs have, too. */
export const STOCK = 'RoundRobinAssigner';

export interface AssignerHost {
  readonly protocol: AssignerProtocol;
  /** The number of partitions of topics; without those that the cluster does not give. Never rejects. */
  count(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/**
 * Assigns each partition to a member that reads its topic. kafkajs's round robin knows only the leader's own topics,
 * and gives them even to members that do not read them: while a version of an application that reads one topic more is
 * rolled out, no member would read that topic.
 *
 * A member offers its assigners by name, and the server picks one that all members have; only the leader's is called.
 * It is offered under both names, so that a member of this library can lead members of plain kafkajs as well.
 */
export const assigners = (host: AssignerHost): PartitionAssigner[] =>
  [ASSIGNER, STOCK].map(
    (name): PartitionAssigner =>
      ({ cluster }) =>
        new SubscribedAssigner(name, cluster, host),
  );

class SubscribedAssigner implements Assigner {
  readonly version = VERSION;

  constructor(
    readonly name: string,
    private readonly cluster: Pick<Cluster, 'findTopicPartitionMetadata'>,
    private readonly host: AssignerHost,
  ) {}

  protocol({ topics }: { topics: string[] }): GroupState {
    const known = new Map(topics.map((topic) => [topic, this.known(topic)]));
    return { name: this.name, metadata: encode(this.host.protocol, known) };
  }

  /** kafkajs has asked the cluster for the leader's own topics just before. */
  async assign({ members, topics }: { members: GroupMember[]; topics: string[] }): Promise<GroupMemberAssignment[]> {
    const all = members.map((member) => decode(this.host.protocol, member)).sort(byId);
    const shares = new Map(all.map(({ memberId }) => [memberId, Object.create(null) as Assignment]));
    for (const { topic, partition, owner } of assign(await this.groupTopics(topics, all))) {
      const share = shares.get(owner.memberId);
      if (share !== undefined) (share[topic] ??= []).push(partition);
    }
    return [...shares].map(([memberId, assignment]) => ({ memberId, memberAssignment: this.encode(assignment) }));
  }

  /** The leader's own first, in its order, as kafkajs has them. */
  private async groupTopics(own: readonly string[], members: readonly Member[]): Promise<GroupTopic<string, Member>[]> {
    const topics = [...new Set([...own, ...members.flatMap((member) => [...member.topics.keys()])])];
    const counts = new Map(topics.map((topic) => [topic, this.known(topic) || highestKnown(topic, members)]));
    const unknown = topics.filter((topic) => counts.get(topic) === 0);
    const asked = unknown.length === 0 ? undefined : await this.host.count(unknown);
    return topics.map((topic) => ({
      topic,
      partitions: counts.get(topic) || (asked?.get(topic) ?? 0),
      readers: members.filter((member) => member.topics.has(topic)),
    }));
  }

  private known(topic: string): number {
    return this.cluster.findTopicPartitionMetadata(topic).length;
  }

  private encode(assignment: Assignment): Buffer {
    return this.host.protocol.MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.of() });
  }
}

/** The highest number that a member knows of: the others asked the cluster earlier. */
const highestKnown = (topic: string, members: readonly Member[]): number =>
  members.reduce((most, { topics }) => Math.max(most, topics.get(topic) ?? 0), 0);

const byId = (one: Member, other: Member): number => (one.memberId < other.memberId ? -1 : 1);

/** kafkajs's encoding of the messages between the members and the leader of a group. */
export type AssignerProtocol = Kafkajs['AssignerProtocol'];

/** A member's metadata, sent with its join. */
export interface Member {
  readonly memberId: string;
  /** The topics that it reads, and the number of partitions that it knows of; 0 if unknown. */
  readonly topics: ReadonlyMap<string, number>;
}

/**
 * The version of the consumer protocol, not of an assigner. Later ones have more fields, which the server would read
 * and kafkajs does not write.
 */
export const VERSION = 0;

/**
 * A member's metadata, with the number of partitions that it knows of, as a leader asks the cluster only for its own
 * topics. When partitions are added, the metadata differs and the server starts a rebalance; it ignores a member that
 * rejoins with the same metadata, unless it leads.
 */
export function encode({ MemberMetadata }: AssignerProtocol, topics: ReadonlyMap<string, number>): Buffer {
  const userData = Buffer.from(JSON.stringify({ partitions: [...topics.values()] }));
  return MemberMetadata.encode({ version: VERSION, topics: [...topics.keys()], userData });
}

/** A member whose metadata cannot be read counts as reading no topic. Never throws: kafkajs would crash. */
export function decode(
  { MemberMetadata }: AssignerProtocol,
  { memberId, memberMetadata }: Pick<GroupMember, 'memberId' | 'memberMetadata'>,
): Member {
  try {
    const { topics = [], userData } = MemberMetadata.decode(memberMetadata) ?? {};
    const partitions = partitionsOf(userData);
    return { memberId, topics: new Map(topics.map((topic, index) => [topic, partitions[index] ?? 0])) };
  } catch {
    return { memberId, topics: new Map() };
  }
}

/** Other clients leave it empty, or write something else into it. */
function partitionsOf(userData: Buffer | undefined): number[] {
  try {
    const parsed: unknown = JSON.parse(String(userData));
    const partitions: unknown = (parsed as { partitions?: unknown } | null)?.partitions;
    return Array.isArray(partitions)
      ? partitions.map((count) => (Number.isSafeInteger(count) ? Number(count) : 0))
      : [];
  } catch {
    return [];
  }
}

import type {
  Assigner,
  Assignment,
  Cluster,
  GroupMember,
  GroupMemberAssignment,
  GroupState,
  PartitionAssigner,
} from 'kafkajs';

import { assign, type GroupTopic } from '../../assignment.js';
import { type AssignerProtocol, decode, encode, type Member, VERSION } from './member-metadata.js';

/** What the server takes where all members of a group are of this library. */
export const OURS = 'nestjs-multi-broker';
/** kafkajs's own: what a group has in common that has members of plain kafkajs, too. */
export const STOCK = 'RoundRobinAssigner';

export interface AssignerHost {
  readonly protocol: AssignerProtocol;
  /** Asks the cluster how many partitions topics have; leaves out what it does not tell. Never rejects. */
  count(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/**
 * What the leader of a group shares the partitions out by, instead of kafkajs's round robin: that knows the leader's
 * own topics alone, and gives them to members that do not read them, too. While an application's version with one
 * topic more is rolled out, nobody would read that topic.
 *
 * A member names the assigners that it has, and the server takes one that all have; only the leader's is called. It
 * does the same under both names, so that one of ours may lead members of plain kafkajs as well.
 */
export const assigners = (host: AssignerHost): PartitionAssigner[] =>
  [OURS, STOCK].map(
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
    const counts = new Map(topics.map((topic) => [topic, this.known(topic) || told(topic, members)]));
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

/** The most that a member knows of: the others have asked the cluster earlier. */
const told = (topic: string, members: readonly Member[]): number =>
  members.reduce((most, { topics }) => Math.max(most, topics.get(topic) ?? 0), 0);

const byId = (one: Member, other: Member): number => (one.memberId < other.memberId ? -1 : 1);

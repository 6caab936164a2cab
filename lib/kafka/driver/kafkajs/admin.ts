import type { Admin as KafkajsAdminClient, GroupMember as DescribedMember } from 'kafkajs';
import type { WantedTopic } from '../../new-topics.js';
import type { Admin, GroupDescription, GroupMember, PartitionBounds } from '../client/admin-port.js';
import type { PartitionOffset } from '../client/records.js';
import { type AssignerProtocol, decode } from './partition-assigner.js';

type Described = Pick<DescribedMember, 'memberId' | 'memberMetadata'> & { readonly memberAssignment: Buffer };

/** kafkajs's admin. */
export class KafkajsAdmin implements Admin {
  constructor(
    private readonly admin: KafkajsAdminClient,
    private readonly protocol: AssignerProtocol,
  ) {}

  connect(): Promise<void> {
    return this.admin.connect();
  }

  async close(): Promise<void> {
    await this.admin.disconnect().catch(() => undefined);
  }

  async clusterId(): Promise<string> {
    return (await this.admin.describeCluster()).clusterId;
  }

  listTopics(): Promise<string[]> {
    return this.admin.listTopics();
  }

  async partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const metadata = await this.admin.fetchTopicMetadata({ topics: [...topics] });
    return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
  }

  createTopic({ name, partitions: numPartitions, replication = -1, config = {} }: WantedTopic): Promise<boolean> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    return this.admin.createTopics({
      topics: [{ topic: name, numPartitions, replicationFactor: replication, configEntries }],
      waitForLeaders: true,
    });
  }

  async committed(groupId: string, topics: readonly string[]): Promise<readonly PartitionOffset[]> {
    const found = await this.admin.fetchOffsets({ groupId, topics: [...topics] });
    return found.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, metadata }) => {
        return { topic, partition, offset: Number(offset), metadata: metadata ?? undefined };
      }),
    );
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => ({ partition, oldest: Number(low), end: Number(high) }));
  }

  async group(groupId: string): Promise<GroupDescription | undefined> {
    const [group] = (await this.admin.describeGroups([groupId])).groups;
    if (group === undefined) return undefined;
    return { isStable: group.state === 'Stable', members: group.members.map((member) => this.member(member)) };
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.admin.deleteGroups([groupId]);
  }

  private member(member: Described): GroupMember {
    const { memberId, topics } = decode(this.protocol, member);
    return { memberId, topics: new Set(topics.keys()), assignment: this.assignmentOf(member) };
  }

  /** A member without partitions may have been sent nothing at all. */
  private assignmentOf({ memberAssignment }: Described): Readonly<Record<string, readonly number[]>> {
    return this.protocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
  }
}

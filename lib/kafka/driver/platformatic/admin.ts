import type { Admin as PlatformaticAdmin } from '@platformatic/kafka';
import { type Clock, sleep } from '../../../async/index.js';
import type { WantedTopic } from '../../new-topics.js';
import type { Admin, GroupDescription, GroupMember, PartitionBounds } from '../client/admin-port.js';
import type { PartitionOffset } from '../client/records.js';
import { explained, protocolError } from './failures.js';
import type { Platformatic } from '../../platformatic/options.js';
import type { PendingRequests } from './pending.js';
import { describeByServer } from './server-group.js';

type Groups = Awaited<ReturnType<PlatformaticAdmin['describeGroups']>>;
type Group = NonNullable<ReturnType<Groups['get']>>;
type Member = NonNullable<ReturnType<Group['members']['get']>>;

/** Of a question for offsets. */
const OLDEST = -2n;
const END = -1n;
/** How often, and after how long, a new topic is looked at until it has leaders. */
const LOOKS = 20;
const LOOK_MS = 50;

export class AdminOfPlatformatic implements Admin {
  constructor(
    private readonly platformatic: Platformatic,
    private readonly admin: PlatformaticAdmin,
    private readonly pending: PendingRequests,
    private readonly clock: Clock,
    private readonly closed: () => void,
  ) {}

  async connect(): Promise<void> {
    try {
      await this.metadata([]);
    } catch (thrown) {
      throw explained(thrown);
    }
  }

  async close(): Promise<void> {
    await this.admin.close().then(this.closed, () => undefined);
  }

  async clusterId(): Promise<string> {
    return (await this.metadata([])).id;
  }

  listTopics(): Promise<string[]> {
    return this.pending.watch(ASKED, this.admin.listTopics({ includeInternals: true }));
  }

  async partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await this.metadata(topics);
    return new Map(topics.map((topic) => [topic, found.topics.get(topic)?.partitionsCount ?? 0]));
  }

  async createTopic({ name, partitions, replication = -1, config = {} }: WantedTopic): Promise<boolean> {
    const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    try {
      await this.admin.createTopics({ topics: [name], partitions, replicas: replication, configs });
    } catch (thrown) {
      if (protocolError(thrown) === 'TOPIC_ALREADY_EXISTS') return false;
      throw thrown;
    }
    await this.untilLed(name);
    return true;
  }

  async committed(groupId: string, topics: readonly string[]): Promise<readonly PartitionOffset[]> {
    const asked = await this.askedPartitions(topics);
    const groups = [asked.length === 0 ? groupId : { groupId, topics: asked }];
    const [group] = await this.pending.watch(ASKED, this.admin.listConsumerGroupOffsets({ groups }));
    return (group?.topics ?? []).flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, committedOffset, metadata }) => {
        return { topic, partition, offset: Number(committedOffset), metadata: metadata ?? undefined };
      }),
    );
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    const { topics } = await this.metadata([topic]);
    const count = topics.get(topic)?.partitionsCount ?? 0;
    const oldest = await this.offsets(topic, count, OLDEST);
    const ends = await this.offsets(topic, count, END);
    return Array.from({ length: count }, (_, partition) => {
      return { partition, oldest: oldest.get(partition) ?? 0, end: ends.get(partition) ?? 0 };
    });
  }

  async group(groupId: string): Promise<GroupDescription | undefined> {
    const found = await this.pending.watch(ASKED, this.admin.describeGroups({ groups: [groupId] }));
    const group = found.get(groupId);
    // By KIP-848, or there is none.
    if (group === undefined || group.members.size === 0) {
      const asked = describeByServer(this.platformatic, this.admin, groupId);
      const described = await this.pending.watch(ASKED, asked);
      if (described !== undefined || group === undefined) return described;
    }
    return { isStable: /^stable$/i.test(group.state), members: [...group.members.values()].map(memberOf) };
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.admin.deleteGroups({ groups: [groupId] });
  }

  /** Not what is known from before: topics come and go. */
  private metadata(topics: readonly string[]): ReturnType<PlatformaticAdmin['metadata']> {
    const asked = this.admin.metadata({ topics: [...topics], autocreateTopics: false, forceUpdate: true });
    return this.pending.watch(ASKED, asked);
  }

  private async askedPartitions(topics: readonly string[]): Promise<{ name: string; partitionIndexes: number[] }[]> {
    if (topics.length === 0) return [];
    return [...(await this.partitionCounts(topics))].map(([name, count]) => {
      return { name, partitionIndexes: Array.from({ length: count }, (_, partition) => partition) };
    });
  }

  private async offsets(topic: string, count: number, timestamp: bigint): Promise<ReadonlyMap<number, number>> {
    if (count === 0) return new Map();
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const asked = this.admin.listOffsets({ topics: [{ name: topic, partitions }] });
    const [found] = await this.pending.watch(ASKED, asked);
    return new Map(found?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
  }

  private async untilLed(topic: string): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const found = await this.metadata([topic]).catch(() => undefined);
      const partitions = found?.topics.get(topic)?.partitions ?? [];
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
      await sleep(this.clock, LOOK_MS);
    }
  }
}

const ASKED = 'a question about the cluster';

function memberOf({ id, metadata, assignments }: Member): GroupMember {
  const assignment = Object.fromEntries([...(assignments ?? [])].map(([topic, { partitions }]) => [topic, partitions]));
  return { memberId: id, topics: new Set(metadata?.topics), assignment };
}

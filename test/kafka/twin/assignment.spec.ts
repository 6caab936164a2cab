import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AssignerProtocol, type Cluster, PartitionAssigners } from 'kafkajs';
import { type Assigned, ConsumerGroup, type GroupMember } from '../../../lib/kafka/twin/consumer-group.js';
import { TwinTopic } from '../../../lib/kafka/twin/twin-topic.js';

class Member implements GroupMember {
  partitions: readonly Assigned[] = [];
  constructor(private readonly topics: readonly string[]) {}

  reads(topic: string): boolean {
    return this.topics.includes(topic);
  }

  appeared(): void {}

  startOf(): number {
    return 0;
  }

  nextOf(): undefined {}

  assign(partitions: readonly Assigned[]): void {
    this.partitions = partitions;
  }

  revokeAllBut(): void {}

  get share(): string[] {
    return this.partitions.map(({ topic, partition }) => `${topic.name}[${partition}]`).sort();
  }
}

/** What kafkajs's own assigner gives members whose ids sort as they joined. */
async function byKafkajs(topics: readonly TwinTopic[], count: number): Promise<string[][]> {
  const members = Array.from({ length: count }, (_, index) => ({ memberId: `m${index}`, memberMetadata: Buffer.of() }));
  const findTopicPartitionMetadata = (name: string) =>
    topics.find((topic) => topic.name === name)!.partitions.map((_, partitionId) => ({ partitionId }));
  const cluster = { findTopicPartitionMetadata } as unknown as Cluster;
  const assigner = PartitionAssigners.roundRobin({ cluster, groupId: 'g', logger: undefined as never });
  const assigned = await assigner.assign({ members, topics: topics.map(({ name }) => name) });
  return members.map(({ memberId }) => {
    const own = assigned.find((one) => one.memberId === memberId);
    const shares = own === undefined ? {} : AssignerProtocol.MemberAssignment.decode(own.memberAssignment)!.assignment;
    return Object.entries(shares)
      .flatMap(([name, partitions]) => partitions.map((partition) => `${name}[${partition}]`))
      .sort();
  });
}

describe('a group of the Kafka twin, when members come and go', () => {
  it('shares the partitions out as kafkajs does, where they read the same topics', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (partitions, count) => {
        const topics = partitions.map((size, index) => new TwinTopic(`t${index}`, size));
        const group = new ConsumerGroup();
        const members = Array.from({ length: count + 1 }, () => new Member(topics.map(({ name }) => name)));
        for (const member of members) group.join(member, topics);
        group.leave(members.pop()!);
        expect(members.map(({ share }) => share)).toEqual(await byKafkajs(topics, count));
      }),
    );
  });

  it('gives a partition to none but those who read its topic', () => {
    const topics = [new TwinTopic('t0', 3), new TwinTopic('t1', 3)];
    const group = new ConsumerGroup();
    const [both, one] = [new Member(['t0', 't1']), new Member(['t1'])];
    group.join(both, topics);
    group.join(one, [topics[1]!]);
    expect([both.share, one.share]).toEqual([
      ['t0[0]', 't0[1]', 't0[2]'],
      ['t1[0]', 't1[1]', 't1[2]'],
    ]);
  });
});

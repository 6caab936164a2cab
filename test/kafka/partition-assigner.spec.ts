import { describe, expect, it } from '@jest/globals';
import { type Assigner, AssignerProtocol, type Cluster, type PartitionAssigner, PartitionAssigners } from 'kafkajs';

import { assigners } from '../../lib/kafka/driver/kafkajs/partition-assigner.js';

type Sizes = Readonly<Record<string, number>>;

/** A member's cluster: it knows of the topics that the member subscribed, alone. */
const knowing = (sizes: Sizes) => ({
  cluster: {
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: sizes[topic] ?? 0 }, (_, partitionId) => ({ partitionId })),
  } as unknown as Cluster,
  groupId: 'g',
  logger: undefined as never,
});

/** The assigners of a member in the order in which it names them, and what was asked of the cluster. */
function ours(knows: Sizes, cluster: Sizes = {}): { made: Assigner[]; asked: string[][] } {
  const asked: string[][] = [];
  const host = {
    protocol: AssignerProtocol,
    count: async (topics: readonly string[]) => {
      asked.push([...topics]);
      return new Map(Object.entries(cluster).filter(([topic]) => topics.includes(topic)));
    },
  };
  return { made: assigners(host).map((make) => make(knowing(knows))), asked };
}

const made = (make: PartitionAssigner, knows: Sizes): Assigner => make(knowing(knows));
const member = (memberId: string, assigner: Assigner, topics: string[]) => ({
  memberId,
  memberMetadata: assigner.protocol({ topics }).metadata,
});

async function shares(leader: Assigner, topics: string[], members: Parameters<Assigner['assign']>[0]['members']) {
  const assigned = await leader.assign({ members, topics });
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      { ...AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment },
    ]),
  );
}

describe('the assigner of a Kafka group', () => {
  it('is named first by its own name, then by that of kafkajs, so that members of plain kafkajs may join', () => {
    expect(ours({}).made.map(({ name }) => name)).toEqual(['nestjs-multi-broker', 'RoundRobinAssigner']);
    expect(made(PartitionAssigners.roundRobin, {}).name).toBe('RoundRobinAssigner');
  });

  it.each([0, 1])(
    'lets a leader give others what they read and it does not, by what they told (name %#)',
    async (at) => {
      const [old, fresh] = [ours({ a: 2 }), ours({ a: 2, b: 3 })];
      const members = [member('new', fresh.made[at]!, ['a', 'b']), member('old', old.made[at]!, ['a'])];
      expect(await shares(old.made[at]!, ['a'], members)).toEqual({ new: { b: [0, 1, 2] }, old: { a: [0, 1] } });
      expect(old.asked).toEqual([]);
    },
  );

  it('asks the cluster for what only members of plain kafkajs read, and gives it to these', async () => {
    const leader = ours({ a: 2 }, { b: 2, c: 9 });
    const plain = made(PartitionAssigners.roundRobin, { b: 2 });
    const members = [member('plain', plain, ['b', 'gone']), member('ours', leader.made[1]!, ['a'])];
    expect(await shares(leader.made[1]!, ['a'], members)).toEqual({ ours: { a: [0, 1] }, plain: { b: [0, 1] } });
    expect(leader.asked).toEqual([['b', 'gone']]);
  });

  it('takes the most that a member told, for the others have not heard of new partitions yet', async () => {
    const leader = ours({ a: 1 });
    const members = [member('1', ours({ b: 2 }).made[0]!, ['b']), member('2', ours({ b: 3 }).made[0]!, ['b'])];
    expect(await shares(leader.made[0]!, ['a'], members)).toEqual({ 1: { b: [0, 2] }, 2: { b: [1] } });
  });

  it('goes by its own knowledge of its own topics, which kafkajs has just refreshed', async () => {
    const leader = ours({ a: 1 });
    const members = [member('ours', leader.made[0]!, ['a']), member('stale', ours({ a: 4 }).made[0]!, ['b'])];
    expect(await shares(leader.made[0]!, ['a'], members)).toEqual({ ours: { a: [0] }, stale: {} });
  });

  it('lets a member tell something else once a topic has more partitions, or the server would not let the group join anew', () => {
    const told = (partitions: number) => ours({ a: partitions }).made[0]!.protocol({ topics: ['a'] }).metadata;
    expect(told(2)).toEqual(told(2));
    expect(told(3)).not.toEqual(told(2));
  });

  it.each([
    ['nothing', Buffer.of()],
    ['what nobody can read', Buffer.from('nonsense')],
  ])('gives nothing to a member that told %s, and all to the others', async (_, memberMetadata) => {
    const leader = ours({ a: 2 });
    const members = [member('ours', leader.made[0]!, ['a']), { memberId: 'odd', memberMetadata }];
    expect(await shares(leader.made[0]!, ['a'], members)).toEqual({ odd: {}, ours: { a: [0, 1] } });
  });

  it.each(['', 'text', 'null', '{"partitions":3}', '{"partitions":["x",-1,1.5]}'])(
    'asks the cluster where a member of another client told %j beside its topics',
    async (userData) => {
      const leader = ours({ a: 1 }, { b: 1 });
      const { MemberMetadata } = AssignerProtocol;
      const topics = ['b'];
      const memberMetadata = MemberMetadata.encode({ version: 0, topics, userData: Buffer.from(userData) });
      expect(await shares(leader.made[0]!, ['a'], [{ memberId: 'other', memberMetadata }])).toEqual({
        other: { b: [0] },
      });
      expect(leader.asked).toEqual([['b']]);
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { type Admin, AssignerProtocol, type GroupDescription } from 'kafkajs';

import { ASSIGNER } from '../../lib/kafka/driver/client/consumer-port.js';
import { KafkajsAdmin } from '../../lib/kafka/driver/kafkajs/admin.js';
import { STOCK } from '../../lib/kafka/driver/kafkajs/partition-assigner.js';
import { UnassignedPartitions } from '../../lib/kafka/driver/consumer/unassigned-partitions.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { recordingIo } from '../support/kafka/connected.js';

const { MemberMetadata, MemberAssignment } = AssignerProtocol;
const userData = Buffer.of();

const described = (memberId: string, topics: string[], assignment: Record<string, number[]>) => ({
  memberId,
  clientId: 'c',
  clientHost: 'h',
  memberMetadata: MemberMetadata.encode({ version: 0, topics, userData }),
  memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData }),
});

/** A member `me` that reads `a` and `b`, of two partitions each; `gone` is no topic. */
function member({ members = [] as GroupDescription['members'], state = 'Stable', answers = true } = {}) {
  const { io, log } = recordingIo();
  const clock = new VirtualClock();
  const asked: string[] = [];
  const admin = {
    describeGroups: async () => (asked.push('group'), { groups: [{ members, state }] }),
    fetchTopicMetadata: async ({ topics }: { topics: string[] }) => {
      asked.push(topics.join(' '));
      if (!answers) await new Promise(() => undefined);
      if (topics.includes('gone')) throw new Error('This server does not host this topic-partition');
      return { topics: topics.map((name) => ({ name, partitions: [{}, {}] })) };
    },
  } as unknown as Admin;
  const unassigned = new UnassignedPartitions({
    io: { ...io, clock },
    groupId: 'g',
    withAdmin: (ask) => ask(new KafkajsAdmin(admin, AssignerProtocol)),
    topics: () => ['a', 'b'],
  });
  const join = async ({ isLeader = false, assigner = STOCK } = {}): Promise<void> => {
    unassigned.joined({ memberId: 'me', isLeader, assigner });
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { unassigned, clock, log, asked, join };
}

const byPlainKafkajs = [
  described('me', ['a', 'b'], { a: [0] }),
  described('plain', ['a', 'c'], { a: [1], b: [0], c: [0] }),
];

describe('what nobody of a Kafka group reads', () => {
  it('is told where a leader of another client left it out, or gave it to one who does not read it', async () => {
    const { unassigned, log, join } = member({ members: byPlainKafkajs });
    await join();
    expect(unassigned.healthIssues).toEqual([expect.stringContaining("does not read 2 of the 2 partitions of 'b'")]);
    expect(log).toEqual([
      expect.stringMatching(/^warn: Group 'g' does not read .* once the other client stops leading the group/),
    ]);
  });

  it('is told where this member was given what it does not read', async () => {
    const { unassigned, log, join } = member();
    unassigned.given(['c']);
    await join({ isLeader: true });
    expect(unassigned.healthIssues).toEqual([
      expect.stringContaining("was given partitions of 'c', which it does not read"),
    ]);
    expect(log).toHaveLength(1);
  });

  it('is told once while it lasts, and is forgotten with the join that mends it', async () => {
    const members = [...byPlainKafkajs];
    const { unassigned, log, join } = member({ members });
    await join();
    await join();
    expect([unassigned.healthIssues.length, log.length]).toEqual([1, 1]);
    members.splice(0, 2, described('me', ['a', 'b'], { a: [0, 1], b: [0, 1] }));
    await join();
    expect([unassigned.healthIssues, log.length]).toEqual([[], 1]);
  });

  it.each([
    ['this member leads', { isLeader: true }],
    ['all members are of this library', { assigner: ASSIGNER }],
  ])('is not asked for where %s', async (_, how) => {
    const { asked, join } = member({ members: byPlainKafkajs });
    await join(how);
    expect(asked).toEqual([]);
  });

  it.each([
    ['is being joined anew', { members: byPlainKafkajs, state: 'PreparingRebalance' }],
    ['has gone on without this member', { members: byPlainKafkajs.slice(1) }],
  ])('is not guessed at while the group %s', async (_, how) => {
    const { unassigned, join } = member(how);
    await join();
    expect(unassigned.healthIssues).toEqual([]);
  });

  it('includes a topic of another member that the cluster does not tell the leader of, which hides no other topic', async () => {
    const { unassigned, join } = member();
    expect([...(await unassigned.count(['a', 'gone', 'b']))]).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
    await join({ isLeader: true });
    expect(unassigned.healthIssues).toEqual([expect.stringContaining("'gone'")]);
  });

  it('holds up the group for three seconds at most, where the cluster does not answer its leader', async () => {
    const { unassigned, clock } = member({ answers: false });
    const counted = unassigned.count(['a']);
    clock.advance(3_000);
    expect((await counted).size).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';

import { AssignedPartitions } from '../../lib/kafka/driver/consumer/assigned-partitions.js';
import { PartitionLane, type PartitionLaneOwner } from '../../lib/kafka/driver/consumer/partition-lane.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { RecordingSink } from '../support/kafka/recording-sink.js';

const spec = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['h:1'] } }).source('topic');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function message(offset: number, size = 1): KafkaMessage {
  const value = Buffer.alloc(size, String(offset));
  return { offset: String(offset), key: null, value, timestamp: '1700000000000', attributes: 0, headers: {} };
}

const messages = (from: number, count: number, size?: number): KafkaMessage[] =>
  Array.from({ length: count }, (_, index) => message(from + index, size));

const nobody: PartitionLaneOwner = { settled: () => undefined, hasRoom: () => undefined, failed: () => undefined };

function lane(sink = new RecordingSink(), owner = nobody): { lane: PartitionLane; sink: RecordingSink } {
  const origin = { place: 'kafka:c1:topic:3:', topic: 'topic', partition: 3, params: undefined };
  return { sink, lane: new PartitionLane(origin, { spec, sink, quiet: false }, owner) };
}

const offsets = (sink: RecordingSink): number[] =>
  sink.taken.map(({ message: { raw } }) => Number((raw as { message: KafkaMessage }).message.offset));

describe('a Kafka lane', () => {
  it('drops what it has handed over before, and goes on behind it', () => {
    const { lane: one, sink } = lane();
    one.begin(0);
    one.offer(messages(0, 5));
    one.offer(messages(2, 6));
    expect([offsets(sink), one.next]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 8]);
  });

  it('takes lower offsets after the server has forgotten its own: the topic was made anew', () => {
    const { lane: one, sink } = lane();
    one.begin(500);
    one.rewind();
    one.offer(messages(0, 2));
    const { lane: late, sink: lateSink } = lane();
    late.rewind();
    late.begin(500);
    late.offer(messages(0, 2));
    expect([offsets(sink), offsets(lateSink)]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('commits nothing of a topic that is no more: of the one made anew it would leave out what lies before', () => {
    const { lane: one, sink } = lane();
    sink.keep = () => true;
    one.begin(500);
    one.offer(messages(500, 3));
    one.rewind();
    const { lane: late } = lane();
    late.rewind();
    late.begin(500);
    expect([one.uncommitted, late.uncommitted]).toEqual([undefined, undefined]);
    one.offer(messages(0, 3));
    one.settle(sink.taken[0]!.message, 'ack');
    expect(one.uncommitted).toBe(0);
    one.settle(sink.taken[3]!.message, 'ack');
    expect(one.uncommitted).toBe(1);
  });

  it('commits nothing of a topic that is no more, also where that was fetched and waited for room', async () => {
    const { lane: one, sink } = lane();
    let room = (): void => undefined;
    sink.full = () => new Promise((resolve) => (room = resolve));
    one.begin(500);
    one.offer(messages(500, 1));
    one.offer(messages(501, 2));
    one.rewind();
    room();
    await turn();
    expect([offsets(sink), one.uncommitted]).toEqual([[500, 501, 502], undefined]);
    one.offer(messages(0, 2));
    room();
    await turn();
    expect([offsets(sink), one.uncommitted]).toEqual([[500, 501, 502, 0, 1], 2]);
  });

  it('commits nothing once it is lost, and its late settlements do nothing', () => {
    let told = 0;
    const { lane: one, sink } = lane(new RecordingSink(), { ...nobody, settled: () => told++ });
    sink.keep = () => true;
    one.begin(0);
    one.offer(messages(0, 2));
    one.settle(sink.taken[0]!.message, 'ack');
    told = 0;
    one.lose();
    one.settle(sink.taken[1]!.message, 'ack');
    expect([one.uncommitted, told, one.lost.aborted]).toEqual([undefined, 0, true]);
  });

  it('counts a message once, however often it is settled; a dropped one is finished too', () => {
    const { lane: one, sink } = lane();
    sink.keep = () => true;
    one.begin(0);
    one.offer(messages(0, 2));
    one.settle(sink.taken[0]!.message, 'reject');
    one.settle(sink.taken[0]!.message, 'ack');
    expect(one.uncommitted).toBe(1);
  });

  it('hands over nothing while it is full, whole slices in order after it', async () => {
    const { lane: one, sink } = lane();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    sink.full = () => gate;
    one.begin(0);
    one.offer(messages(0, 3_000));
    await turn();
    const before = sink.taken.length;
    open();
    while (sink.taken.length < 3_000) await turn();
    expect([before, one.hasRoom, offsets(sink)]).toEqual([
      1_024,
      true,
      Array.from({ length: 3_000 }, (_, index) => index),
    ]);
  });

  it('is full with 8 MiB unsettled, whatever its sink says, and goes on when they are settled', async () => {
    const { lane: one, sink } = lane();
    sink.keep = () => true;
    one.begin(0);
    for (let batch = 0; batch < 20; batch++) one.offer([message(batch, 1024 * 1024)]);
    for (let round = 0; round < 30; round++) await turn();
    const held = sink.taken.length;
    for (const { message: taken } of [...sink.taken]) one.settle(taken, 'ack');
    for (let round = 0; round < 30; round++) await turn();
    expect([held, one.hasRoom, sink.taken.length]).toEqual([8, false, 16]);
  });

  it('commits behind what is no message, once no message waits before it', async () => {
    const { lane: one, sink } = lane();
    sink.keep = () => true;
    one.begin(0);
    one.offer(messages(0, 1));
    one.pass(4);
    const held = one.uncommitted;
    one.settle(sink.taken[0]!.message, 'ack');
    const behind = one.uncommitted;
    one.offer(messages(5, 1));
    expect([held, behind, one.uncommitted, one.next]).toEqual([undefined, 5, 5, 6]);
  });

  it('does not commit behind messages that were fetched and not handed over yet', async () => {
    const { lane: one, sink } = lane();
    one.begin(0);
    one.offer(messages(0, 3_000));
    one.pass(3_004);
    const early = one.uncommitted;
    for (let round = 0; round < 5; round++) await turn();
    expect([early! <= 1_024, sink.taken.length, one.uncommitted]).toEqual([true, 3_000, 3_005]);
  });

  it('commits nothing of what went by before the server forgot its offset', () => {
    const { lane: one } = lane();
    one.begin(500);
    one.pass(510);
    one.rewind();
    const rewound = one.uncommitted;
    one.pass(3);
    expect([rewound, one.uncommitted]).toEqual([undefined, 4]);
  });

  it('that is quiet takes no more, though its sink has room', async () => {
    const { lane: one, sink } = lane();
    one.begin(0);
    one.subscription.quiet = true;
    one.end();
    one.offer(messages(0, 2));
    await turn();
    expect([sink.taken, one.hasRoom]).toEqual([[], true]);
  });

  it('gives each message a position of cluster, place and time, and makes headers when asked', () => {
    const { lane: one, sink } = lane();
    one.begin(0);
    const headers = { a: Buffer.from('1'), twice: [Buffer.from('x'), Buffer.from('y')], none: undefined };
    one.offer([{ ...message(7), key: Buffer.from('k'), headers }]);
    const [{ message: taken }] = sink.taken as [(typeof sink.taken)[0]];
    expect([taken.position, taken.headers(), taken.key, taken.deliveryCount, taken.timestamp]).toEqual([
      'kafka:c1:topic:3:7:1700000000000',
      { a: '1', twice: 'y' },
      'k',
      1,
      1_700_000_000_000,
    ]);
  });
});

describe('the lanes of a member', () => {
  const made = (): AssignedPartitions =>
    new AssignedPartitions((_topic, partition) => Object.assign(lane().lane, { made: partition }));
  const all = (lanes: AssignedPartitions): PartitionLane[] => [...lanes];

  it('are kept where the same member keeps the partition, and lost where not', () => {
    const lanes = made();
    lanes.assign('m1', { topic: [0, 1] });
    const [zero, one] = all(lanes) as [PartitionLane, PartitionLane];
    const change = lanes.assign('m1', { topic: [1, 2] });
    expect([zero.isLost, one.isLost, change.kept, change.opened.length]).toEqual([true, false, [one], 1]);
  });

  it('are all lost with the member: somebody else may have had the partition in between', () => {
    const lanes = made();
    lanes.assign('m1', { topic: [0] });
    const [zero] = all(lanes) as [PartitionLane];
    const change = lanes.assign('m2', { topic: [0] });
    expect([zero.isLost, change.kept, change.opened[0] === zero]).toEqual([true, [], false]);
  });
});

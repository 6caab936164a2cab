import { describe, expect, it } from '@jest/globals';

import type { Lane } from '../../../lib/driver/index.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { RecordingSink } from '../../support/kafka/recording-sink.js';
import { committedOffsets, createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

const consumer = { heartbeatInterval: 100, sessionTimeout: 10_000, rebalanceTimeout: 10_000 };

/** Two members of one group on a topic of two partitions, of which the first member had both, and settles nothing. */
async function revoked(): Promise<{
  name: string;
  groupId: string;
  first: RecordingSink;
  second: RecordingSink;
  lost: Lane;
  kept: Lane;
}> {
  const name = await createTopic(uniqueName('rebalance'), 2);
  const groupId = uniqueName('group');
  const [one, other] = [await connected({ groupId, consumer }), await connected({ groupId, consumer })];
  const first = new RecordingSink();
  first.keep = () => true;
  await one.read(name, { sink: first });
  for (let index = 0; index < 10; index++) await one.publish(name, `m${index}`);
  await first.has(10);
  const second = new RecordingSink();
  await other.read(name, { sink: second });
  await until(() => first.lanes.some(({ lost }) => lost.aborted), { what: 'a partition is taken away' });
  const lost = first.lanes.find((lane) => lane.lost.aborted)!;
  const kept = first.lanes.find((lane) => !lane.lost.aborted)!;
  return { name, groupId, first, second, lost, kept };
}

const partitionOf = (lane: Lane): number => Number(/\[(\d+)\]$/.exec(lane.name)![1]);

whenBrokers(describe)('a rebalance of a Kafka group', () => {
  closeAfterEach();

  it('takes a partition from its old owner, who commits nothing of it any more', async () => {
    const { name, groupId, first, second, lost, kept } = await revoked();
    second.keep = () => true;
    first.settle(first.texts);
    await until(async () => (await committedOffsets(groupId, name))[partitionOf(kept)] === 5, {
      what: 'the kept partition is committed',
    });
    // The new owner had settled what it took before `keep` was set.
    const ofSecond = second.taken.filter(({ lane }) => partitionOf(lane) === partitionOf(lost)).length;
    await until(() => second.taken.length >= 5, { what: 'the new owner has the messages again' });
    expect([first.lanes.length, second.lanes.length, ofSecond <= 5]).toEqual([2, 1, true]);
    expect(lost.lost.aborted).toBe(true);
  });

  it('gives the messages of a lost partition to the new owner, from what was finished', async () => {
    const { first, second, lost } = await revoked();
    await second.has(5);
    const ofLost = first.taken.filter(({ lane }) => lane === lost).map(({ text }) => text);
    expect(second.texts).toEqual(ofLost);
  });

  it('hands nothing of a kept partition over twice, and goes on there', async () => {
    const { name, first, kept } = await revoked();
    const broker = await connected();
    for (let index = 10; index < 20; index++) await broker.publish(name, `m${index}`);
    await until(() => first.taken.filter(({ lane }) => lane === kept).length >= 10, {
      what: 'the kept partition goes on',
    });
    const ofKept = first.taken.filter(({ lane }) => lane === kept).map(({ text }) => text);
    expect(ofKept).toEqual([...new Set(ofKept)]);
    expect(ofKept).toHaveLength(10);
  });

  it('commits what is finished before the partition goes', async () => {
    const name = await createTopic(uniqueName('finished'), 2);
    const groupId = uniqueName('group');
    // Longer than the test: only the rebalance makes it commit.
    const [one, other] = [
      await connected({ groupId, consumer, commitIntervalMs: 600_000 }),
      await connected({ groupId, consumer }),
    ];
    const { sink } = await one.read(name);
    for (let index = 0; index < 10; index++) await one.publish(name, `m${index}`);
    await sink.has(10);
    const second = await other.read(name);
    await other.publish(name, 'after');
    await other.publish(name, 'after');
    await until(() => [...sink.texts, ...second.sink.texts].filter((text) => text === 'after').length === 2, {
      what: 'both go on',
    });
    expect(second.sink.texts.filter((text) => text !== 'after')).toEqual([]);
  });
});

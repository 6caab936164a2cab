import { describe, expect, it } from '@jest/globals';
import type { Producer } from 'kafkajs';

import { closeAfterEach, connected, consumerOptions } from '../../support/kafka/connected.js';
import { RecordingSink } from '../../support/kafka/recording-sink.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';

type End = 'commit' | 'abort';

async function inTransactions(topic: string, ...rounds: readonly (readonly [End, number])[]): Promise<void> {
  const producer: Producer = kafkaClient().producer({
    transactionalId: uniqueName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  try {
    for (const [end, count] of rounds) {
      const transaction = await producer.transaction();
      const messages = Array.from({ length: count }, (_, index) => ({ value: `${end}${index}` }));
      await transaction.send({ topic, messages });
      await (end === 'commit' ? transaction.commit() : transaction.abort());
    }
  } finally {
    await producer.disconnect();
  }
}

async function ask<T>(act: (admin: ReturnType<ReturnType<typeof kafkaClient>['admin']>) => Promise<T>): Promise<T> {
  const admin = kafkaClient().admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

const endOf = (topic: string): Promise<number> =>
  ask(async (admin) => Number((await admin.fetchTopicOffsets(topic))[0]?.high));

/** As retention does in the end: all that there is. */
const deleteAll = (topic: string): Promise<void> =>
  ask(async (admin) => {
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] });
  });

const lagIsNone = (groupId: string, topic: string): Promise<unknown> =>
  until(async () => (await committedOffsets(groupId, topic))[0] === (await endOf(topic)), { what: 'lag is 0' });

/** Settles what comes before so many. */
function keepingFrom(count: number): RecordingSink {
  const sink = new RecordingSink();
  sink.keep = () => sink.taken.length > count;
  return sink;
}

whenBrokers(describe)('a topic that is written in transactions', () => {
  closeAfterEach();

  it.each([
    ['one that was committed', [['commit', 1]], 1],
    [
      'aborted ones at its end',
      [
        ['commit', 2],
        ['abort', 3],
        ['abort', 1],
      ],
      2,
    ],
    [
      'nothing but aborted ones',
      [
        ['abort', 2],
        ['abort', 2],
      ],
      0,
    ],
    [
      'aborted ones between',
      [
        ['abort', 1],
        ['commit', 2],
        ['abort', 2],
        ['commit', 1],
      ],
      3,
    ],
  ] as const)('is committed to its end when it holds %s', async (_what, rounds, handled) => {
    const name = await createTopic(uniqueName('transactions'));
    const groupId = uniqueName('group');
    await inTransactions(name, ...rounds);
    const broker = await connected({ groupId });
    const { sink } = await broker.read(name);
    await sink.has(handled);
    await lagIsNone(groupId, name);
    expect(sink.texts).toHaveLength(handled);
  });

  it('has no lag either where the records go by while it is read', async () => {
    const name = await createTopic(uniqueName('transactions'));
    const groupId = uniqueName('group');
    const broker = await connected({ groupId });
    const { sink } = await broker.read(name);
    await inTransactions(name, ['commit', 1]);
    await lagIsNone(groupId, name);
    await inTransactions(name, ['abort', 2]);
    await lagIsNone(groupId, name);
    expect(sink.texts).toHaveLength(1);
  });

  it('is not committed beyond a message that is not settled', async () => {
    const name = await createTopic(uniqueName('transactions'));
    const groupId = uniqueName('group');
    await inTransactions(name, ['commit', 2], ['abort', 1]);
    const broker = await connected({ groupId });
    const { sink, intake } = await broker.read(name, { sink: keepingFrom(1) });
    await sink.has(2);
    await intake.flush();
    expect(await committedOffsets(groupId, name)).toEqual([1]);
  });

  it('tells no loss where retention took markers only, after a restart', async () => {
    const name = await createTopic(uniqueName('transactions'));
    const groupId = uniqueName('group');
    await inTransactions(name, ['commit', 1], ['abort', 2]);
    const first = await connected({ groupId, consumer: consumerOptions });
    const { sink } = await first.read(name);
    await sink.has(1);
    await lagIsNone(groupId, name);
    await first.driver.close();
    await deleteAll(name);
    const next = await connected({ groupId, consumer: consumerOptions });
    const again = await next.read(name);
    await next.publish(name, 'after');
    await again.sink.has(1);
    expect([again.sink.texts, next.driver.healthIssues!(), next.log.filter((line) => line.includes('gone'))]).toEqual([
      ['after'],
      [],
      [],
    ]);
  });
});

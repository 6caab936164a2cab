import { describe, expect, it } from '@jest/globals';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';

async function deleteBefore(topic: string, offset: number): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  // It deletes by what it knows of the topic.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  await admin.disconnect();
}

whenBrokers(describe)('messages that the server deletes before they are read', () => {
  closeAfterEach();

  it('are reported, and reading goes on with the oldest there are, also with fromBeginning: false', async () => {
    const name = await createTopic(uniqueName('retention'));
    const groupId = uniqueName('group');
    const first = await connected({ groupId, fromBeginning: false });
    await first.read(name);
    await first.driver.close();
    const broker = await connected({ groupId, fromBeginning: false });
    await broker.publish(name, 'a', 'b', 'c', 'd', 'e');
    await deleteBefore(name, 3);
    const { sink } = await broker.read(name);
    await sink.has(2);
    await until(() => broker.driver.healthIssues!().length > 0, { what: 'the loss is told' });
    const issues = broker.driver.healthIssues!();
    expect([sink.texts, issues]).toEqual([['d', 'e'], [expect.stringContaining(`${name}[0]`)]]);
    expect(issues[0]).toMatch(/the messages from (offset 0|its committed offset) are gone/);
    expect(broker.log.filter((line) => line.startsWith('error'))).toEqual([`error: ${issues[0]}`]);
    await until(async () => (await committedOffsets(groupId, name))[0] === 5, { what: 'what was read is committed' });
  });

  it('are none that compaction or a transaction marker left out', async () => {
    const name = await createTopic(uniqueName('gaps'));
    const producer = kafkaClient().producer({
      transactionalId: uniqueName('tx'),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (let round = 0; round < 3; round++) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: name, messages: [{ value: `t${round}` }] });
      await (round === 1 ? transaction.abort() : transaction.commit());
    }
    await producer.disconnect();
    const broker = await connected();
    const { sink } = await broker.read(name);
    await sink.has(2);
    await broker.publish(name, 'after');
    await sink.has(3);
    expect([sink.texts, broker.driver.healthIssues!()]).toEqual([['t0', 't2', 'after'], []]);
  });
});

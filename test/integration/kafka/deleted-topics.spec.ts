import { describe, expect, it } from '@jest/globals';
import type { Admin } from 'kafkajs';

import { closeAfterEach, connected, consumerOptions } from '../../support/kafka/connected.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

/** As on most clusters: nobody makes a topic by asking for it. */
const options = {
  consumer: { ...consumerOptions, metadataMaxAge: 500, allowAutoTopicCreation: false },
  producer: { allowAutoTopicCreation: false },
};

async function withAdmin(act: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  await act(admin);
  await admin.disconnect();
}

const remove = (topic: string): Promise<void> =>
  withAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic), { what: 'the topic is deleted' });
  });

whenBrokers(describe)('a topic that is deleted while a Kafka group reads it', () => {
  closeAfterEach();

  it('does not keep the group from its other topics, and is read from its beginning once it is there again', async () => {
    const name = uniqueName('deleted');
    const [deleted, other] = [`${name}-deleted`, `${name}-other`];
    for (const topic of [deleted, other]) await createTopic(topic, 2);
    const broker = await connected(options);
    const { sink } = await broker.read([deleted, other], { fromBeginning: false });
    await broker.publish(deleted, 'before');
    await sink.has(1);
    await remove(deleted);
    await broker.publish(other, 'meanwhile');
    await until(() => sink.texts.includes('meanwhile'), { what: 'the other is read', timeoutMs: 30_000 });
    expect(broker.driver.healthIssues!()).toEqual([expect.stringContaining(`does not read topic '${deleted}'`)]);
    expect(broker.log.filter((line) => line.startsWith(`error: `))).toEqual([expect.stringContaining(deleted)]);
    await createTopic(deleted, 2);
    await broker.publish(deleted, 'again');
    await until(() => sink.texts.includes('again'), { what: 'it is read again', timeoutMs: 30_000 });
    await broker.publish(other, 'after');
    await until(() => sink.texts.includes('after'), { what: 'and the other' });
    expect([sink.texts.sort(), broker.driver.healthIssues!()]).toEqual([['after', 'again', 'before', 'meanwhile'], []]);
  }, 90_000);

  it('and is there again at once is told as such, and its messages are read', async () => {
    const name = await createTopic(uniqueName('anew'), 1);
    const broker = await connected();
    const { sink } = await broker.read(name);
    await broker.publish(name, 'a', 'b', 'c');
    await sink.has(3);
    await withAdmin((admin) => admin.deleteTopics({ topics: [name] }));
    const told = () => broker.driver.healthIssues!().filter((line) => line.includes(`${name}[`));
    await until(async () => (await broker.publish(name, 'again'), sink.texts.includes('again')), {
      what: 'it is read again',
      timeoutMs: 30_000,
      everyMs: 500,
    });
    await until(() => told().length > 0, { what: 'it is told' });
    expect(told()).toEqual([expect.stringMatching(/ends before offset 3: it was deleted and created again/)]);
    expect(broker.log.filter((line) => line.startsWith('error:'))).toEqual([`error: ${told()[0]!}`]);
  }, 90_000);

  it('is as if it had not been there for a RegExp, also where it was the last that matched', async () => {
    const name = uniqueName('deleted');
    const [deleted, other] = [`${name}-deleted`, `${name}-other`];
    for (const topic of [deleted, other]) await createTopic(topic, 1);
    const broker = await connected(options);
    const { sink } = await broker.read([new RegExp(`^${deleted}$`), other]);
    await remove(deleted);
    await broker.publish(other, 'meanwhile');
    await until(() => sink.texts.includes('meanwhile'), { what: 'the other is read', timeoutMs: 30_000 });
    await createTopic(deleted, 1);
    await broker.publish(deleted, 'again');
    await until(() => sink.texts.includes('again'), { what: 'it is read again', timeoutMs: 30_000 });
  }, 90_000);

  it('that never was there is refused at the start, also where the group reads others already', async () => {
    const name = await createTopic(uniqueName('known'), 1);
    const broker = await connected(options);
    const { sink } = await broker.read(name);
    await expect(broker.read(uniqueName('missing'))).rejects.toMatchObject({ code: 'MULTI_BROKER_SUBSCRIBE_FAILED' });
    await broker.publish(name, 'on');
    await sink.has(1);
    await until(() => broker.driver.healthIssues!().length === 0, { what: 'health is as before' });
    expect(broker.log.filter((line) => line.startsWith('error:'))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ConfigResourceTypes } from 'kafkajs';

import { type KafkaNative, kafkaBroker } from '../../../lib/kafka/index.js';
import { closeAfterEach, connected, recordingIo } from '../../support/kafka/connected.js';
import { ON_KAFKAJS } from '../../support/kafka-library.js';
import { createTopic, kafkaClient, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';

async function partitionsOf(topic: string): Promise<number> {
  const admin = kafkaClient().admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length;
  } finally {
    await admin.disconnect();
  }
}

async function configOf(topic: string, name: string): Promise<string | undefined> {
  const admin = kafkaClient().admin();
  await admin.connect();
  try {
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }];
    const { resources: told } = await admin.describeConfigs({ resources, includeSynonyms: false });
    return told[0]!.configEntries[0]?.configValue;
  } finally {
    await admin.disconnect();
  }
}

whenBrokers(describe)('topics of a Kafka broker that are missing', () => {
  closeAfterEach();

  it('are made as its options say before anything is read, by the names that addresses map', async () => {
    const name = uniqueName('made');
    const config = { 'retention.ms': '3600000' };
    const broker = await connected({
      addresses: { incoming: name },
      topics: { incoming: { partitions: 6, replication: 1, config } },
    });
    await broker.read(name);
    expect([await partitionsOf(name), await configOf(name, 'retention.ms')]).toEqual([6, '3600000']);
    expect(broker.log.filter((line) => line.includes(`created the topic '${name}'`))).toHaveLength(1);
  });

  it('are made once by several replicas that start at the same time', async () => {
    const name = uniqueName('made');
    const replicas = await Promise.all([1, 2, 3].map(() => connected({ topics: { [name]: { partitions: 3 } } })));
    expect(await partitionsOf(name)).toBe(3);
    const lines = replicas.flatMap(({ log }) => log).filter((line) => !line.startsWith('debug'));
    expect(lines).toEqual([expect.stringContaining(`created the topic '${name}'`)]);
  });

  it('are not made where they are there: nothing of them is changed, and another number of partitions is told', async () => {
    const name = await createTopic(uniqueName('there'), 2, { config: { 'retention.ms': '7200000' } });
    const { log } = await connected({ topics: { [name]: { partitions: 6, config: { 'retention.ms': '1' } } } });
    expect([await partitionsOf(name), await configOf(name, 'retention.ms')]).toEqual([2, '7200000']);
    expect(log.filter((line) => !line.startsWith('debug'))).toEqual([
      expect.stringMatching(/^warn: .*has 2 partitions, not 6; it is left unchanged/),
    ]);
  });

  it('and cannot be made fail the start, with the reason', async () => {
    const topics = { [uniqueName('made')]: { partitions: 1, config: { 'no.such.setting': '1' } } };
    const driver = await kafkaBroker({ name: 'orders', client: { brokers: realBrokers().kafka }, topics }).driver();
    await expect(driver.connect(recordingIo().io, AbortSignal.timeout(10_000))).rejects.toMatchObject({
      code: 'MULTI_BROKER_TOPIC_CREATE_FAILED',
      message: expect.stringMatching(/invalid/i),
    });
    await driver.close();
  });

  it('can be made by native() as well, whose producer writes', async () => {
    const { driver } = await connected({}, ON_KAFKAJS);
    const { admin, producer, kafka } = driver.native() as KafkaNative;
    const name = uniqueName('native');
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 2 }], waitForLeaders: true });
    const [receipt] = await producer.send({ topic: name, messages: [{ value: 'a' }] });
    const own = kafka.admin();
    await own.connect();
    expect([receipt?.errorCode, (await own.listTopics()).includes(name)]).toEqual([0, true]);
    await own.disconnect();
  });
});

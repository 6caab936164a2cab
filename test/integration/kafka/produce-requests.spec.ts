import { describe, expect, it } from '@jest/globals';
import { CompressionTypes, type Message, type Producer } from 'kafkajs';
import type { KafkaBrokerOptions, KafkaNative } from '../../../lib/kafka/index.js';
import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { ON_KAFKAJS } from '../../support/kafka-library.js';
import { createTopic, kafkaClient, readAll, uniqueName, whenBrokers } from '../../support/real-brokers.js';

const COUNT = 1_000;

/** Of all shapes: without key, value or headers, as text and bytes, empty, repeated, and longer than a varint's byte. */
const messages: Message[] = Array.from({ length: COUNT }, (_, index) => {
  const key = index % 3 === 0 ? null : index % 2 === 0 ? `clé-${index}` : Buffer.from([0xff, index % 256, 0]);
  const value = index % 7 === 0 ? null : index % 5 === 0 ? '' : Buffer.from(`${index} `.repeat(index % 400));
  const repeated = { é: [`${index}`, Buffer.from([0xfe]), ''], [`name-${index % 200}`]: 'x'.repeat(index % 150) };
  return { key, value, partition: index % 3, ...(index % 4 === 0 ? {} : { headers: repeated }) };
});

async function sendTo(topic: string, producer: Producer, compression: CompressionTypes): Promise<void> {
  for (let from = 0; from < COUNT; from += 250)
    await producer.send({
      topic,
      messages: messages.slice(from, from + 250),
      compression,
    });
}

const plain = async (topic: string) =>
  (await readAll(topic)).map(({ partition, offset, key, value, headers }) =>
    [partition, offset, key, value, ...Object.entries(headers)].join(' '),
  );

whenBrokers(describe)('a consumer gets the same from produce requests of ours and of kafkajs', () => {
  closeAfterEach();

  it.each<[string, Partial<KafkaBrokerOptions>, CompressionTypes]>([
    ['as they are', {}, CompressionTypes.None],
    ['gzipped', {}, CompressionTypes.GZIP],
    ['of an idempotent producer', { producer: { idempotent: true } }, CompressionTypes.None],
    ['of an idempotent producer, gzipped', { producer: { idempotent: true } }, CompressionTypes.GZIP],
  ])('%s', async (_, options, compression) => {
    const [ours, theirs] = [await createTopic(uniqueName('ours'), 3), await createTopic(uniqueName('theirs'), 3)];
    const { driver } = await connected(options, ON_KAFKAJS);
    await sendTo(ours, (driver.native() as KafkaNative).producer, compression);
    const producer = kafkaClient().producer();
    await producer.connect();
    await sendTo(theirs, producer, compression);
    await producer.disconnect();
    const [one, other] = [await plain(ours), await plain(theirs)];
    expect(one).toHaveLength(COUNT);
    expect(one).toEqual(other);
  });
});

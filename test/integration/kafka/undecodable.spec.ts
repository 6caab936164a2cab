import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { kafkaLibrary } from '../../support/kafka-library.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

/** Writes one batch, as another client might. */
async function write(topic: string, partition: number, values: (string | Buffer)[], zipped = true): Promise<void> {
  const producer = kafkaClient().producer({ createPartitioner: () => () => partition });
  await producer.connect();
  const compression = zipped ? CompressionTypes.GZIP : CompressionTypes.None;
  await producer.send({ topic, compression, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

/** As kafkajs says it of a codec that it does not have. */
const missing = () => {
  throw Object.assign(new Error('GZIP compression not implemented'), { name: 'KafkaJSNotImplemented' });
};

async function takeGunzip(): Promise<void> {
  if (kafkaLibrary === 'kafkajs') {
    jest.spyOn(CompressionCodecs, CompressionTypes.GZIP).mockReturnValue({ decompress: missing });
    return;
  }
  const { compressionsAlgorithms } = await import('@platformatic/kafka');
  jest.spyOn(compressionsAlgorithms.gzip, 'decompressSync').mockImplementation(missing);
}

const maxDecompressedBytes = 100_000;

whenBrokers(describe)('a batch that cannot be read', () => {
  closeAfterEach();
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('for want of a codec halts its partition, which is named with the codec, and no other', async () => {
    const name = await createTopic(uniqueName('codec'), 3);
    await write(name, 1, ['zipped']);
    const broker = await connected({ maxDecompressedBytes });
    await takeGunzip();
    const { sink } = await broker.read(name);
    await until(() => (broker.driver.healthIssues?.() ?? []).length > 0, {
      what: 'the partition is halted',
      timeoutMs: 20_000,
    });
    for (const partition of [0, 2]) await write(name, partition, [`to ${partition}`], false);
    await sink.has(2);
    const [issue] = broker.driver.healthIssues!();
    expect(issue).toMatch(new RegExp(`^Partition ${name}/1 of group .*GZIP`));
    expect([...sink.texts].sort()).toEqual(['to 0', 'to 2']);
    expect(broker.log.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  it('because it grows too large halts its partition without being unpacked', async () => {
    const name = await createTopic(uniqueName('large'), 2);
    await write(name, 0, [Buffer.alloc(200_000, 'x')]);
    const broker = await connected({ maxDecompressedBytes });
    const { sink } = await broker.read(name);
    await until(() => (broker.driver.healthIssues?.() ?? []).length > 0, {
      what: 'the partition is halted',
      timeoutMs: 20_000,
    });
    await write(name, 1, ['sound']);
    await sink.has(1);
    expect([sink.texts, broker.driver.healthIssues!()]).toEqual([
      ['sound'],
      [expect.stringMatching(/\/0 of group .*more than \d+ bytes/)],
    ]);
  });

  it('is not one that is gzipped and of a usual size', async () => {
    const name = await createTopic(uniqueName('gzip'));
    const broker = await connected({ maxDecompressedBytes });
    await write(name, 0, ['one', 'two']);
    const { sink } = await broker.read(name);
    await sink.has(2);
    expect(sink.texts).toEqual(['one', 'two']);
  });

  it('halts its partition no more where the topic was deleted and exists again', async () => {
    const name = await createTopic(uniqueName('anew'));
    await write(name, 0, [Buffer.alloc(200_000, 'x')]);
    const broker = await connected({ maxDecompressedBytes });
    const { sink } = await broker.read(name);
    const issues = () => broker.driver.healthIssues!().join();
    await until(() => issues().includes('more than'), { what: 'the partition is halted', timeoutMs: 20_000 });
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [name] });
    await until(() => issues().includes('was deleted'), { what: 'the deletion is told', timeoutMs: 30_000 });
    await createTopic(name);
    await admin.disconnect();
    await write(name, 0, ['sound'], false);
    await sink.has(1);
    expect([sink.texts, issues()]).toEqual([['sound'], '']);
  });
});

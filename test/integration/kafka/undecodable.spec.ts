import { afterEach, describe, expect, it } from '@jest/globals';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { createTopic, kafkaClient, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';

const snappy = CompressionCodecs[CompressionTypes.Snappy];

/** Writes one batch by a codec, as another client might. */
async function write(
  topic: string,
  partition: number,
  values: (string | Buffer)[],
  compression: CompressionTypes,
): Promise<void> {
  const producer = kafkaClient().producer({ createPartitioner: () => () => partition });
  await producer.connect();
  await producer.send({ topic, compression, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

/** A block of Snappy that is one literal: the server looks into it. */
function snappyLiteral(data: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = data.length; ; rest >>>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    if (rest <= 0x7f) break;
  }
  const size = data.length - 1;
  return Buffer.concat([Buffer.from([...length, 61 << 2, size & 0xff, size >> 8]), data]);
}

whenBrokers(describe)('a batch that cannot be read', () => {
  closeAfterEach();
  afterEach(() => {
    CompressionCodecs[CompressionTypes.Snappy] = snappy;
  });

  it('for want of a codec halts its partition, which is named with the codec, and no other', async () => {
    const name = await createTopic(uniqueName('codec'), 3);
    CompressionCodecs[CompressionTypes.Snappy] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => snappyLiteral(buffer),
    });
    await write(name, 1, ['poison'], CompressionTypes.Snappy);
    CompressionCodecs[CompressionTypes.Snappy] = snappy;
    const broker = await connected();
    const { sink } = await broker.read(name);
    await until(() => (broker.driver.ailments?.() ?? []).length > 0, {
      what: 'the partition is halted',
      timeoutMs: 20_000,
    });
    for (const partition of [0, 2]) await write(name, partition, [`to ${partition}`], CompressionTypes.None);
    await sink.has(2);
    const [ailment] = broker.driver.ailments!();
    expect(ailment).toMatch(new RegExp(`^Partition ${name}/1 of group .*Snappy`));
    expect([...sink.texts].sort()).toEqual(['to 0', 'to 2']);
    expect(broker.log.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  it('because it is a bomb halts its partition without being unpacked', async () => {
    const name = await createTopic(uniqueName('bomb'), 2);
    await write(name, 0, [Buffer.alloc(40 * 1024 * 1024)], CompressionTypes.GZIP);
    const broker = await connected();
    const { sink } = await broker.read(name);
    await until(() => (broker.driver.ailments?.() ?? []).length > 0, {
      what: 'the partition is halted',
      timeoutMs: 20_000,
    });
    await write(name, 1, ['sound'], CompressionTypes.GZIP);
    await sink.has(1);
    expect([sink.texts, broker.driver.ailments!()]).toEqual([
      ['sound'],
      [expect.stringMatching(/\/0 of group .*more than \d+ bytes/)],
    ]);
  });

  it('is not one that is gzipped and of a usual size', async () => {
    const name = await createTopic(uniqueName('gzip'));
    const broker = await connected();
    await write(name, 0, ['one', 'two'], CompressionTypes.GZIP);
    const { sink } = await broker.read(name);
    await sink.has(2);
    expect(sink.texts).toEqual(['one', 'two']);
  });
});

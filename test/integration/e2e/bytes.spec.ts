import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Message } from 'kafkajs';
import { Ctx, type MessageContext, MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { murmur2 } from '../../../lib/kafka/partitioner.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, kafkaClient, produce, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(120_000);

const forward = { key: true, headers: true } as const;
const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

/** What any other producer may have written. */
const written: readonly Message[] = [
  { key: long(200n), value: Buffer.from([0, 0, 0, 0, 7, 0xff, 0xfe]) },
  { key: long(201n), value: '12345678901234567890' },
  { key: 'long', value: '{ "id": 9007199254740993, "price": 0.1 }' },
  { key: 'text', value: 'grüß' },
  { key: ' blanks ', value: '' },
  { key: 'tombstone', value: null },
  {
    key: Buffer.from([0xff, 0x01]),
    value: Buffer.from([0xff]),
    headers: { 'Content-Type': 'application/octet-stream' },
  },
  { key: Buffer.from([0xfe, 0x01]), value: 'x', headers: { 'correlation-id': 'a\nb', traceparent: 'c\nd' } },
  {
    key: 'headers',
    value: 'y',
    headers: {
      'kafka_dlt-original-partition': Buffer.from([0, 0, 0, 10]),
      __connect: 'Error: x\n\tat y',
      'X Y': '1',
      schema: Buffer.from([0xff, 0xfe, 0x80]),
      dup: ['1', '2', '1'],
      mixed: ['1', Buffer.from([0xff])],
      empty: '',
      blanks: ' b ',
    },
  },
];

const hex = (value: Buffer | string | null | undefined): string | null =>
  value === null || value === undefined ? null : Buffer.from(value as string).toString('hex');

/** Without what the library writes by itself. */
const own = new Set(['content-type', 'correlation-id', 'multi-broker-hops', 'traceparent']);

const shown = ({ key, value, headers = {} }: Pick<Message, 'key' | 'value' | 'headers'>) => ({
  key: hex(key),
  value: hex(value),
  headers: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !own.has(name.toLowerCase()))
      .map(([name, values]) => [name, [values].flat().map((one) => hex(one))]),
  ),
});

/** So that the order is that of the list. */
const inOnePartition = written.map((message) => ({ ...message, partition: 0 }));

/** The records of a topic in the order of the list, by their keys. */
async function consume(topic: string): Promise<{ partition: number; message: Message }[]> {
  const consumer = kafkaClient().consumer({ groupId: uniqueName('read') });
  const found: { partition: number; message: Message }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ partition, message }) => void found.push({ partition, message }) });
  await until(() => found.length >= written.length, { what: `all of ${topic}`, timeoutMs: 60_000 });
  await consumer.disconnect();
  const place = new Map(written.map(({ key }, index) => [hex(key), index]));
  return found.sort((one, other) => (place.get(hex(one.message.key)) ?? 0) - (place.get(hex(other.message.key)) ?? 0));
}

whenBrokers(describe)('what another producer wrote, passed on unchanged', () => {
  afterEach(closeApps);

  it('arrives byte for byte from Kafka on Kafka, and by JetStream on Kafka: values, keys, their partitions, headers', async () => {
    const [incoming, copy, back] = await Promise.all([
      createTopic(uniqueName('incoming')),
      createTopic(uniqueName('copy'), 5),
      createTopic(uniqueName('back'), 5),
    ]);
    const [subject, name] = [uniqueName('via'), uniqueName('VIA')];

    @Injectable()
    class Bridge {
      @Subscribe('orders', incoming)
      @PublishTo('orders', copy, { forward })
      @PublishTo('events', toStream(subject), { forward })
      out(@Payload() payload: unknown) {
        return payload;
      }

      @Subscribe('events', stream(name, { durable: 'bridge', subjects: [subject], storage: 'memory' }))
      @PublishTo('orders', back, { forward })
      back(@Payload() payload: unknown) {
        return payload;
      }
    }
    await produce(incoming, inOnePartition);
    const app = await application([orders(), events()], [Bridge]);
    await app.init();
    const due = written.map(shown);
    for (const topic of [copy, back]) {
      const found = await consume(topic);
      expect(found.map(({ message }) => shown(message))).toEqual(due);
      expect(found.map(({ partition }) => partition)).toEqual(
        written.map(({ key }) => (murmur2(Buffer.from(key as string)) & 0x7fffffff) % 5),
      );
    }
    for (const { status, reasons } of app.get(MultiBroker).health().brokers)
      expect([status, reasons]).toEqual(['up', []]);
  });

  it('is what a handler of a core subject sees as bytes, and another NATS client in a form that is documented', async () => {
    const [incoming, subject] = [await createTopic(uniqueName('incoming')), uniqueName('core')];
    const seen: MessageContext[] = [];

    @Injectable()
    class Bridge {
      @Subscribe('orders', incoming)
      @PublishTo('events', subject, { forward })
      out(@Payload() payload: unknown) {
        return payload;
      }

      @Subscribe('events', subject)
      see(@Ctx() context: MessageContext) {
        seen.push(context);
      }
    }
    await produce(incoming, inOnePartition);
    const app = await application([orders(), events()], [Bridge]);
    await app.init();
    await until(() => seen.length >= written.length, { what: 'all came', timeoutMs: 60_000 });
    expect(seen.map(({ message: { rawKey } }) => hex(rawKey))).toEqual(written.map(({ key }) => hex(key)));
    const last = seen.at(-1)!.message;
    const values = (name: string) => last.rawHeaders.filter(([other]) => other === name).map(([, value]) => hex(value));
    expect([values('dup'), values('schema'), values('blanks'), values('X Y')]).toEqual([
      ['31', '32', '31'],
      ['fffe80'],
      [hex(' b ')],
      ['31'],
    ]);
    expect(seen.map(({ message }) => message.payload).slice(0, 6)).toEqual([
      Buffer.from([0, 0, 0, 0, 7, 0xff, 0xfe]),
      '12345678901234567890',
      { id: 9007199254740992, price: 0.1 },
      'grüß',
      '',
      null,
    ]);
    const raw = last.raw as { headers: Iterable<[string, string[]]> };
    expect(Object.fromEntries(raw.headers)).toMatchObject({
      dup: ['1', '2', '1'],
      empty: [''],
      'multi-broker-header': [
        'kafka_dlt-original-partition=AAAACg==',
        `__connect=${Buffer.from('Error: x\n\tat y').toString('base64')}`,
        'X%20Y=MQ==',
        'schema=//6A',
        'mixed=MQ==',
        'mixed=/w==',
        'blanks=IGIg',
      ],
    });
    const keyed = seen[0]!.message.raw as { headers: Iterable<[string, string[]]> };
    expect(new Map(keyed.headers).get('message-key-base64')).toEqual([long(200n).toString('base64')]);
  });
});

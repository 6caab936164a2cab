import { afterEach, describe, expect, it } from '@jest/globals';
import { type NatsConnection, RetentionPolicy, StorageType, DiscardPolicy, AckPolicy } from 'nats';

import { Outbox } from '../../../lib/delivery/outbox.js';
import { systemClock } from '../../../lib/async/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { closeAll, outside, start } from './support.js';

const COUNT = 400;

/** A work queue that refuses what does not fit, and a reader that makes room one message after another. */
async function smallQueue(nc: NatsConnection, limits: { max_msgs: number } | { max_bytes: number }) {
  const name = uniqueName('order').replaceAll('-', '_');
  const jsm = await nc.jetstreamManager();
  await jsm.streams.add({
    name,
    subjects: [`${name}.>`],
    storage: StorageType.Memory,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    ...limits,
  });
  await jsm.consumers.add(name, { durable_name: 'reader', ack_policy: AckPolicy.Explicit });
  const read: Record<string, number[]> = {};
  const reader = { reads: true };
  const reading = (async () => {
    const consumer = await nc.jetstream().consumers.get(name, 'reader');
    while (reader.reads) {
      for await (const message of await consumer.fetch({ max_messages: 1, expires: 1_000 })) {
        (read[message.subject] ??= []).push(Number(message.string().trim()));
        message.ack();
      }
    }
  })().catch(() => undefined);
  /** A fetch that its connection's close ends keeps a timer, which logs for ever (nats.js 2.29.3). */
  const end = async (): Promise<void> => {
    reader.reads = false;
    await reading;
    await jsm.streams.delete(name);
  };
  return { name, read, end };
}

whenBrokers(describe)('what is published to a stream that is full now and then', () => {
  afterEach(closeAll);

  it.each([
    ['by count', { max_msgs: 20 }, 1],
    ['by bytes', { max_bytes: 4_000 }, 1],
    ['on two subjects of each of two streams', { max_msgs: 20 }, 2],
  ] as const)(
    'keeps its order: %s',
    async (_what, limits, streams) => {
      const nc = await outside();
      const queues = await Promise.all(Array.from({ length: streams }, () => smallQueue(nc, limits)));
      const { driver, definition, logs, io } = await start();
      const outbox = new Outbox({
        broker: 'events',
        kind: 'nats',
        clock: systemClock,
        log: io.log,
        driver: () => driver,
      });
      const subjects = queues.flatMap(({ name }) =>
        Array.from({ length: streams }, (_, index) => `${name}.${String(index)}`),
      );
      for (let index = 0; index < COUNT; index++) {
        // Smaller ones behind larger ones: they would fit where the others do not.
        const body = Buffer.from(String(index).padEnd(index % 3 === 0 ? 400 : 4));
        for (const subject of subjects)
          outbox.send(definition.destination(toStream(subject)), {
            message: { body },
            persistent: true,
            done: () => undefined,
          });
      }
      const all = (): number[][] => queues.flatMap(({ read }) => Object.values(read));
      await until(() => all().reduce((sum, { length }) => sum + length, 0) === COUNT * subjects.length, {
        what: 'all are read',
        timeoutMs: 50_000,
      });
      for (const { end } of queues) await end();
      const expected = Array.from({ length: COUNT }, (_, index) => index);
      expect(all()).toEqual(subjects.map(() => expected));
      expect(logs.filter(({ level }) => level === 'error')).toEqual([]);
    },
    60_000,
  );

  it('is written as fast as to any other while there is room', async () => {
    const nc = await outside();
    const { name, end } = await smallQueue(nc, { max_msgs: 1_000_000 });
    const { driver, definition } = await start();
    const asked: string[] = [];
    nc.subscribe('$JS.API.STREAM.INFO.>', { callback: (_error, { subject }) => void asked.push(subject) });
    await nc.flush();
    const batch = Array.from({ length: 5_000 }, (_, index) => ({ body: Buffer.from(String(index)) }));
    const outcomes = await driver.publish(definition.destination(toStream(`${name}.a`)), batch);
    await nc.flush();
    await end();
    expect(outcomes.every((outcome) => 'receipt' in outcome)).toBe(true);
    expect(asked.filter((subject) => subject.endsWith(name)).length).toBeLessThan(3);
  });
});

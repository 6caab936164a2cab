import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/async/index.js';
import { Outbox } from '../../../lib/delivery/outbox.js';
import type { Driver } from '../../../lib/driver/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { closeAll, outside, start } from './support.js';

const COUNT = 20_000;
const inOrder = Array.from({ length: COUNT }, (_, index) => String(index));

/** An outbox on a driver whose calls under way are counted. */
async function counted() {
  const { driver, definition, io } = await start();
  const calls = { open: 0, most: 0 };
  const publish: Driver['publish'] = async (...asked) => {
    calls.most = Math.max(calls.most, ++calls.open);
    return driver.publish(...asked).finally(() => calls.open--);
  };
  const counting = Object.assign(Object.create(driver) as Driver, { publish });
  const outbox = new Outbox({
    broker: 'events',
    kind: 'nats',
    clock: systemClock,
    log: io.log,
    driver: () => counting,
  });
  return { outbox, definition, calls };
}

whenBrokers(describe)('what follows a batch that is not confirmed', () => {
  afterEach(closeAll);

  it('arrives behind it in a stream, with two calls of the driver under way', async () => {
    const nc = await outside();
    const stream = uniqueName('behind');
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`] });
    const { outbox, definition, calls } = await counted();
    const to = definition.destination(toStream(`${stream}.a`));
    const outcomes = await Promise.all(inOrder.map((body) => outbox.publish(to, { body: Buffer.from(body) })));
    expect(outcomes.every((outcome) => 'receipt' in outcome)).toBe(true);
    const stored: string[] = [];
    const consumer = await nc.jetstream().consumers.get(stream);
    for await (const message of await consumer.fetch({ max_messages: COUNT })) stored.push(message.string());
    await jsm.streams.delete(stream);
    expect(stored).toEqual(inOrder);
    expect(calls.most).toBe(2);
  });

  it('arrives behind it on a core subject, too', async () => {
    const nc = await outside();
    const subject = uniqueName('behind');
    const heard: string[] = [];
    nc.subscribe(subject, { callback: (_, message) => void heard.push(message.string()) });
    await nc.flush();
    const { outbox, definition, calls } = await counted();
    const to = definition.destination(subject);
    await Promise.all(inOrder.map((body) => outbox.publish(to, { body: Buffer.from(body) })));
    await until(() => heard.length >= COUNT, { what: 'all are heard' });
    expect(heard).toEqual(inOrder);
    expect(calls.most).toBe(2);
  });
});

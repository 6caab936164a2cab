import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { connect } from 'nats';
import { MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import {
  createTopic,
  type Proxy,
  readAll,
  realBrokers,
  startProxy,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

const subject = uniqueName('stats').replaceAll('-', '.');

/** Kafka to Kafka, and beside it to NATS behind a proxy. */
async function bridge(proxy: Proxy) {
  const [first, kept] = [await createTopic(uniqueName('first'), 1), await createTopic(uniqueName('kept'), 1)];

  @Injectable()
  class Bridge {
    @Subscribe('orders', first)
    @PublishTo('orders', kept)
    @PublishTo('events', subject, { bestEffort: true })
    pass(@Payload() text: string) {
      return text;
    }
  }

  const client = { servers: `127.0.0.1:${String(proxy.port)}`, reconnectTimeWait: 50 };
  const app = await application([orders(), events({ client, critical: false, confirmTimeoutMs: 500 })], [Bridge]);
  await app.init();
  const broker = app.get(MultiBroker).get('orders');
  return {
    publish: (...texts: string[]) => broker.publishBatch(first, texts),
    handled: (count: number) => until(() => broker.health().counts.handled === count, { what: 'handled messages' }),
    kept: async () => (await readAll(kept)).map(({ value }) => value),
    unpublished: () => broker.health().counts.unpublished,
    isUp: () => until(() => app.get(MultiBroker).get('events').health().status === 'up', { what: 'events' }),
    health: () => broker.health(),
  };
}

whenBrokers(describe)('@PublishTo with bestEffort on real servers', () => {
  afterEach(closeApps);

  it.each<[string, (proxy: Proxy) => void]>([
    ['is not there at the start', (proxy) => proxy.refuse()],
    ['answers no more', () => undefined],
  ])('holds nothing while its target %s, loses what it is given then, and goes on later', async (how, before) => {
    const proxy = await startProxy(Number(new URL(realBrokers().nats).port));
    const nc = await connect({ servers: realBrokers().nats });
    const heard: string[] = [];
    nc.subscribe(subject, { callback: (_error, message) => void heard.push(message.string()) });
    await nc.flush();
    before(proxy);
    const app = await bridge(proxy);
    if (how === 'answers no more') proxy.stall();

    await app.publish('a', 'b', 'c');
    await app.handled(3);
    await until(() => app.health().counts.unsettled === 0, { what: 'settled messages' });
    expect(app.health()).toMatchObject({ status: 'up', counts: { failed: 0 } });
    await until(() => app.unpublished() === 3, { what: 'lost messages' });
    expect(await app.kept()).toEqual(['a', 'b', 'c']);

    proxy.resume();
    await app.isUp();
    await app.publish('d');
    await until(() => heard.includes('d'), { what: 'the message after that' });
    expect(app.unpublished()).toBe(3);
    await nc.close();
    await proxy.close();
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { z } from 'zod';
import { closeApps } from '../../support/app.js';
import { createTopic, readAll, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

const order = z.object({ id: z.number(), total: z.number() });
type Order = z.infer<typeof order>;

/** Kafka to a stream and, of large orders, to Kafka; what arrives in the stream is listed. */
async function bridge() {
  const [incoming, large] = [await createTopic(uniqueName('incoming'), 1), await createTopic(uniqueName('large'), 1)];
  const name = uniqueName('S');
  const log = `log.${name}`;
  const arrived: unknown[] = [];

  @Injectable()
  class Bridge {
    @Subscribe('orders', incoming, { ack: 'reject-on-error' })
    @PublishTo('events', toStream(log), { schema: order, dedupeId: ({ id }: Order) => `order ${String(id)}` })
    @PublishTo('orders', large, { when: ({ total }: Order) => total > 100 })
    pass(@Payload() given: Order[]) {
      return outgoing.each(given);
    }

    @Subscribe('events', stream(name, { durable: 'd', subjects: [log], storage: 'memory' }))
    read(@Payload() payload: unknown) {
      arrived.push(payload);
    }
  }

  const app = await application([orders(), events()], [Bridge]);
  await app.init();
  const broker = app.get(MultiBroker).get('orders');
  return {
    arrived,
    toStream: toStream(log),
    events: app.get(MultiBroker).get('events'),
    publish: (...items: unknown[]) => broker.publish(incoming, items),
    health: () => broker.health(),
    large: async () => (await readAll(large)).map(({ value }) => JSON.parse(value ?? 'null') as unknown),
  };
}

whenBrokers(describe)('publisher options on real servers', () => {
  afterEach(closeApps);

  it('a result is stored once for a dedupeId, and published only where when wants it', async () => {
    const app = await bridge();
    const [small, large] = [
      { id: 1, total: 5 },
      { id: 2, total: 500 },
    ];
    await app.publish(small, large, { ...large, more: 'left out by the schema' });
    await app.publish(large, { id: 3, total: 7 });
    await until(() => app.arrived.length === 3, { what: 'three orders in the stream' });
    expect(app.arrived).toEqual([small, large, { id: 3, total: 7 }]);
    await until(() => app.health().counts.unsettled === 0, { what: 'settled messages' });
    expect(await app.large()).toEqual([large, { ...large, more: 'left out by the schema' }, large]);
  });

  it('nothing is published of a result that a schema refuses, by any publisher', async () => {
    const app = await bridge();
    await app.publish({ id: 1, total: 500 }, { id: 'no number', total: 500 });
    await app.publish({ id: 2, total: 500 });
    await until(() => app.arrived.length === 1, { what: 'the valid order' });
    await until(() => app.health().counts.unsettled === 0, { what: 'settled messages' });
    expect([app.arrived, await app.large()]).toEqual([[{ id: 2, total: 500 }], [{ id: 2, total: 500 }]]);
    expect(app.health().counts).toMatchObject({ rejected: 1 });
  });

  it('an explicit publish is stored once for its dedupeId', async () => {
    const app = await bridge();
    const receipts = [];
    for (const id of ['a', 'a', 'b']) {
      receipts.push(await app.events.publish(app.toStream, { id: 1, total: 1 }, { schema: order, dedupeId: id }));
    }
    expect(new Set(receipts.map(({ position }) => position)).size).toBe(2);
    await until(() => app.arrived.length === 2, { what: 'two messages in the stream' });
  });
});

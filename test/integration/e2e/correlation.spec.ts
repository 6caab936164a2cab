import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Broker, Ctx, InjectBroker, MessageContext, MultiBroker, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

whenBrokers(describe)('what a handler publishes by hand on real servers', () => {
  afterEach(closeApps);

  it('carries what ties it to its message, from Kafka to core NATS, JetStream and back to Kafka', async () => {
    const [first, last] = [await createTopic(uniqueName('first'), 1), await createTopic(uniqueName('last'), 1)];
    const name = uniqueName('by-hand').replaceAll('-', '_');
    const seen: [string, Record<string, string>][] = [];

    @Injectable()
    class Chain {
      constructor(
        @InjectBroker('orders') private readonly orders: Broker,
        @InjectBroker('events') private readonly events: Broker,
      ) {}

      @Subscribe('orders', first)
      async kafka() {
        await Promise.resolve();
        await this.events.publish(`core.${name}`, 1);
      }

      @Subscribe('events', `core.${name}`)
      async core(@Ctx() { message }: MessageContext) {
        seen.push(['core', message.headers]);
        await this.events.publish(toStream(`${name}.a`), 1);
      }

      @Subscribe('events', stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' }))
      async jetStream(@Ctx() { message }: MessageContext) {
        seen.push(['jetstream', message.headers]);
        await this.orders.publish(last, 1);
      }

      @Subscribe('orders', last)
      end(@Ctx() { message }: MessageContext) {
        seen.push(['kafka', message.headers]);
      }
    }

    const app = await application([orders(), events()], [Chain]);
    await app.init();
    const own = { 'correlation-id': 'c-1', traceparent };
    await app.get(MultiBroker).get('orders').publish(first, 1, { headers: own });
    await until(() => seen.length === 3, { what: 'messages that were passed on' });
    expect(seen).toEqual([
      ['core', expect.objectContaining({ ...own, 'multi-broker-hops': '1' })],
      ['jetstream', expect.objectContaining({ ...own, 'multi-broker-hops': '2' })],
      ['kafka', expect.objectContaining({ ...own, 'multi-broker-hops': '3' })],
    ]);
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, type LoggerService } from '@nestjs/common';
import { Handlers, MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { topic } from '../../../lib/kafka/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

/** Two environments on the same servers: the same handlers, and each its own prefix. */
async function environment(prefix: string, name: string) {
  const [orders1, eu, us] = ['incoming', 'matched.eu', 'matched.us'].map((one) => `${prefix}shop.${one}`);
  for (const one of [orders1!, eu!, us!]) await createTopic(one, 1);
  const seen: string[] = [];
  const lines: string[] = [];

  @Handlers({ broker: 'orders', prefix: 'shop.' })
  @Injectable()
  class Bridge {
    @Subscribe('incoming', { groupId: uniqueName('g') })
    @PublishTo('events', toStream(`${name}.kept`, { stream: name }))
    pass(@Payload() text: string) {
      return text;
    }

    @Subscribe(topic(/^matched\./, { groupId: uniqueName('g') }))
    matched(@Payload() text: string) {
      seen.push(`matched ${text}`);
    }

    @Subscribe('events', stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' }))
    kept(@Payload() text: string) {
      seen.push(`kept ${text}`);
    }

    @Subscribe('events', `ask.${name}`)
    answer(@Payload() text: string) {
      return `${prefix} answers ${text}`;
    }
  }

  const log: LoggerService = { log: (line: string) => lines.push(line), warn: () => {}, error: () => {} };
  const app = await application([orders({ prefix }), events({ prefix })], [Bridge]);
  app.useLogger(log);
  await app.init();
  const multi = app.get(MultiBroker);
  return { seen, lines, orders: multi.get('orders'), events: multi.get('events') };
}

whenBrokers(describe)('the prefix of a broker on real servers', () => {
  afterEach(closeApps);

  it('keeps two environments of one application apart, in topics, streams, subjects and answers', async () => {
    const name = uniqueName('P').replaceAll('-', '');
    const [one, two] = [await environment(`${name}.one.`, name), await environment(`${name}.two.`, name)];
    await one.orders.publish('shop.incoming', 'a');
    await one.orders.publish('shop.matched.eu', 'b');
    await two.orders.publish('shop.incoming', 'c');
    await two.orders.publish('shop.matched.us', 'd');
    await until(() => one.seen.length === 2 && two.seen.length === 2, { what: 'all messages' });
    expect([one.seen.sort(), two.seen.sort()]).toEqual([
      ['kept a', 'matched b'],
      ['kept c', 'matched d'],
    ]);
    expect((await two.events.request(`ask.${name}`, 'e')).payload).toBe(`${name}.two. answers e`);
    expect(one.lines).toEqual(
      expect.arrayContaining([
        expect.stringContaining(
          `Subscribed {orders/${name}.one.shop.incoming} Bridge.pass → events/${name}.one.${name}.kept`,
        ),
        expect.stringContaining(`Subscribed {events/${name}-one-${name}} Bridge.kept`),
      ]),
    );
  });
});

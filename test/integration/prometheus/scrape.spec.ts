import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MultiBroker, PublishTo, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { measured } from '../../prometheus/support.js';
import { closeHttpApps } from '../../support/http-app.js';
import { createTopic, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { deleteStream, events, orders } from '../e2e/support.js';

whenBrokers(describe)('a scrape on real servers', () => {
  afterEach(closeHttpApps);

  it('has what a bridge from Kafka to JetStream has done, its lag and the rebalances of its group', async () => {
    const groupId = uniqueName('measured');
    const topic = await createTopic(uniqueName('measured'), 2);
    const name = uniqueName('measured').replaceAll('-', '_');
    @Injectable()
    class Bridge {
      @Subscribe('orders', topic)
      @PublishTo('events', toStream(`${name}.out`))
      pass() {
        return 'passed';
      }
      @Subscribe('events', stream(name, { durable: 'd', subjects: [`${name}.>`], storage: 'memory' }))
      store() {}
    }
    const bridge = () =>
      measured({ providers: [Bridge], definitions: [orders({ groupId, commitIntervalMs: 100 }), events()] });
    const one = await bridge();
    const pass = { broker: 'orders', address: topic, handler: 'Bridge.pass' };
    const store = { broker: 'events', address: name, handler: 'Bridge.store' };
    for (const key of ['a', 'd']) await one.app.get(MultiBroker).get('orders').publish(topic, key, { key });
    await until(async () => (await one.scrape()).value('messages_handled_total', store) === 2, { what: 'both arrive' });

    const found = await one.scrape();
    expect(found.value('handler_duration_seconds_count', pass)).toBe(2);
    expect(found.value('messages_published_total', { broker: 'events', address: `${name}.out` })).toBe(2);
    expect(found.value('rebalances_total', { broker: 'orders', group: groupId })).toBe(1);
    await until(
      async () => {
        const scrape = await one.scrape();
        return [pass, store].every((labels) => scrape.value('handler_lag', labels) === 0);
      },
      { what: 'nothing waits', timeoutMs: 30_000 },
    );

    await bridge();
    await until(
      async () => ((await one.scrape()).value('rebalances_total', { broker: 'orders', group: groupId }) ?? 0) > 1,
      { what: 'the rebalance for the second member is counted', timeoutMs: 30_000 },
    );
    await closeHttpApps();
    await deleteStream(name);
  }, 120_000);
});

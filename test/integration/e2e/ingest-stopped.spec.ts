import { Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from 'nats';
import { MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import {
  createTopic,
  startNatsServer,
  type TestNatsServer,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { expectAllInOrder, type Numbered, produceNumbered, stored } from './numbered.js';
import { application, events, orders } from './support.js';

jest.setTimeout(120_000);

const COUNT = 30_000;

whenBrokers(describe)('a bridge to a stream with allow_batched that is stopped in the middle of batches', () => {
  let server: TestNatsServer | undefined;
  afterEach(async () => {
    await closeApps();
    await server?.stop();
  });

  it('has lost and repeated nothing, in the order of each key, once the next one is done; also where the server is silent', async () => {
    server = await startNatsServer({ jetstream: true });
    const topic = await createTopic(uniqueName('stopped'), 4);
    const name = uniqueName('S').replaceAll('-', '_');
    const admin = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const config = { name, subjects: [`${name}.>`], allow_batched: true };
    await (await admin.jetstreamManager()).streams.add(config);
    await produceNumbered(topic, COUNT);

    const handled = new Set<number>();
    let calls = 0;
    @Injectable()
    class Bridge {
      @Subscribe('orders', topic)
      @PublishTo('events', toStream(`${name}.bridged`))
      pass(@Payload() { id, key }: Numbered): Numbered {
        calls++;
        handled.add(id);
        return { id, key };
      }
    }
    const brokers = [
      orders({ fromBeginning: true, groupId: uniqueName('group') }),
      events({ client: { servers: server.url, reconnectTimeWait: 50 } }),
    ];
    const next = async (): Promise<TestingModule> =>
      (await application(brokers, [Bridge], { shutdownTimeoutMs: 500 })).init();
    /** Resolves when a part of a batch is written, which is answered a little later. */
    const batchIsOpen = async (app: TestingModule): Promise<void> => {
      const from = handled.size;
      await until(() => handled.size > from + 2_000, { what: 'the bridge goes on', timeoutMs: 30_000 });
      const native = app.get(MultiBroker).get('events').native() as NatsConnection;
      const { outMsgs } = native.stats();
      while (native.stats().outMsgs < outMsgs + 100) await new Promise(setImmediate);
    };

    for (const silent of [false, true, false, true]) {
      const app = await next();
      await batchIsOpen(app);
      if (silent) server.pause();
      await app.close();
      if (silent) server.resume();
    }
    const last = await next();
    await until(() => handled.size === COUNT, { what: 'all are handled', timeoutMs: 60_000 });
    await last.close();

    const found = await stored(admin, name);
    await admin.close();
    expectAllInOrder(found.get(`${name}.bridged`)!, COUNT);
    expect(calls).toBeGreaterThan(COUNT);
  });
});

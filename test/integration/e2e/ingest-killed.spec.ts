import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from 'nats';
import { type Broker, MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
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

jest.setTimeout(180_000);

const COUNT = 60_000;
const KILLS = 3;

/** Publishes by code, one after another, until it is told to stop. */
class ByCode {
  readonly resolved: number[] = [];
  readonly rejected = new Set<string>();
  private goesOn = true;
  private readonly done: Promise<void>;

  constructor(broker: Broker, subject: string) {
    this.done = this.run(broker, subject);
  }

  stop(): Promise<void> {
    this.goesOn = false;
    return this.done;
  }

  private async run(broker: Broker, subject: string): Promise<void> {
    for (let id = 0; this.goesOn; id++) {
      await broker.publish(toStream(subject), { id, key: 0 }).then(
        () => this.resolved.push(id),
        (error: unknown) => this.rejected.add((error as { code: string }).code),
      );
      await new Promise(setImmediate);
    }
  }
}

whenBrokers(describe)('a bridge to a stream with allow_batched', () => {
  let server: TestNatsServer | undefined;
  afterEach(async () => {
    await closeApps();
    await server?.stop();
  });

  it('loses and repeats nothing, in the order of each key, while the server is killed in the middle of batches', async () => {
    server = await startNatsServer({ jetstream: true });
    const topic = await createTopic(uniqueName('killed'), 4);
    const name = uniqueName('S').replaceAll('-', '_');
    const admin = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const config = { name, subjects: [`${name}.>`], allow_batched: true };
    await (await admin.jetstreamManager()).streams.add(config);
    await produceNumbered(topic, COUNT);

    let handled = 0;
    @Injectable()
    class Bridge {
      @Subscribe('orders', topic)
      @PublishTo('events', toStream(`${name}.bridged`))
      pass(@Payload() { id, key }: Numbered): Numbered {
        handled++;
        return { id, key };
      }
    }
    const client = { servers: server.url, reconnectTimeWait: 50 };
    const app = await application([orders({ fromBeginning: true }), events({ client })], [Bridge]);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    const native = broker.native() as NatsConnection;
    const byCode = new ByCode(broker, `${name}.by-code`);

    for (let kill = 0; kill < KILLS; kill++) {
      const from = handled;
      await until(() => handled > from + 5_000, { what: 'the bridge goes on', timeoutMs: 60_000 });
      const { outMsgs } = native.stats();
      // A batch is being written: it is answered a little later.
      while (native.stats().outMsgs < outMsgs + 100) await new Promise(setImmediate);
      await server.kill();
      await server.start();
    }
    await until(() => handled >= COUNT, { what: 'all are handled', timeoutMs: 60_000 });
    await byCode.stop();
    await app.close();
    // Not a PubAck each: they went as batches.
    expect(native.stats().inMsgs).toBeLessThan(COUNT / 10);

    const found = await stored(admin, name);
    await admin.close();
    expectAllInOrder(found.get(`${name}.bridged`)!, COUNT);
    const written = new Set(found.get(`${name}.by-code`)!.map(({ id }) => id));
    expect(byCode.resolved.filter((id) => !written.has(id))).toEqual([]);
    const maybe = ['MULTI_BROKER_PUBLISH_UNCONFIRMED', 'MULTI_BROKER_NOT_CONNECTED'];
    expect([...byCode.rejected].filter((code) => !maybe.includes(code))).toEqual([]);
  });
});

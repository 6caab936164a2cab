import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { topic as kafkaTopic } from '../../../lib/kafka/index.js';
import { natsBroker, stream, toStream } from '../../../lib/nats/index.js';
import { connect } from 'nats';
import { closeApps } from '../../support/app.js';
import {
  freePort,
  committedOffsets,
  createTopic,
  produce,
  realBrokers,
  startNatsServer,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';
import { natsLibrary } from '../../support/nats-library.js';

jest.setTimeout(60_000);

async function fill(topic: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, id) => ({ key: String(id), value: JSON.stringify({ id }) }));
  await produce(topic, messages);
}

whenNative(describe, 'nats')('the lifecycle on real brokers', () => {
  afterEach(closeApps);

  it('closes what is connected when one broker cannot be reached, and names it', async () => {
    const dead = natsBroker({
      name: 'events',
      client: { servers: `nats://127.0.0.1:${await freePort()}`, pass: 'hunter2' },
    });
    const app = await application([orders(), dead], []);
    const error = await app.init().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'MULTI_BROKER_START_FAILED', failures: [{ broker: 'events' }] });
    expect((error as Error).message).not.toContain('hunter2');
    expect(app.get(MultiBroker).get('orders').health().status).toBe('down');
  });

  it('loses nothing when the target of a bridge comes two seconds late', async () => {
    const [topic, subject, port] = [await createTopic(uniqueName('late'), 2), uniqueName('late'), await freePort()];
    await fill(topic, 10);
    const target = natsBroker({
      name: 'events',
      library: natsLibrary,
      client: { servers: `nats://127.0.0.1:${port}` },
      critical: false,
    });

    @Injectable()
    class Bridge {
      @Subscribe('orders', topic)
      @PublishTo('events', toStream(subject))
      forward(@Payload() value: unknown) {
        return value;
      }
    }
    const app = await application([orders(), target], [Bridge]);
    await app.init();
    expect(app.get(MultiBroker).health().status).toBe('degraded');
    const server = await startNatsServer({ port, jetstream: true });
    const connection = await connect({ servers: server.url });
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: 'LATE', subjects: [subject] });
    await until(async () => (await manager.streams.info('LATE')).state.messages === 10, { what: 'all arrived' });
    await app.close();
    await connection.close();
    await server.stop();
  });

  it('begins no handler before a group that begins with new messages has its position: it misses none', async () => {
    const [subject, out] = [uniqueName('new'), await createTopic(uniqueName('new'), 2)];
    const name = uniqueName('NEW');
    const connection = await connect({ servers: realBrokers().nats });
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name, subjects: [subject] });
    for (let id = 0; id < 100; id++) await connection.jetstream().publish(subject, JSON.stringify({ id }));
    const arrived = new Set<number>();

    @Injectable()
    class Chain {
      @Subscribe('events', stream(name, { durable: 'chain' }))
      @PublishTo('orders', out)
      forward(@Payload() value: unknown) {
        return value;
      }

      @Subscribe('orders', kafkaTopic(out, { fromBeginning: false }))
      take(@Payload() { id }: { id: number }) {
        arrived.add(id);
      }
    }
    const app = await application([orders(), events()], [Chain]);
    await app.init();
    await until(() => arrived.size === 100, { what: 'all arrived' });
    await app.close();
    await connection.close();
  });

  it.each(['source', 'target'])(
    'loses nothing when stopped under 1,000 messages, %s registered first',
    async (first) => {
      const [topic, subject, groupId] = [
        await createTopic(uniqueName('stop'), 4),
        uniqueName('stop'),
        uniqueName('group'),
      ];
      await fill(topic, 1_000);
      const arrived = new Set<number>();
      let handled = 0;

      @Injectable()
      class Bridge {
        @Subscribe('orders', topic)
        @PublishTo('events', subject)
        async forward(@Payload() value: { id: number }) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          handled++;
          return value;
        }
      }
      const target = await startNatsServer();
      const listener = await connect({ servers: target.url });
      listener.subscribe(subject, { callback: (_error, message) => arrived.add(message.json<{ id: number }>().id) });
      await listener.flush();
      const pair = [orders({ groupId }), events({ client: { servers: target.url } })];
      const app = await application(first === 'source' ? pair : pair.reverse(), [Bridge]);
      await app.init();
      await until(() => handled >= 100, { what: '100 are handled' });
      await app.close();
      await listener.flush();
      const committed = (await committedOffsets(groupId, topic)).reduce((sum, offset) => sum + Math.max(offset, 0), 0);
      expect(handled).toBeLessThan(1_000);
      expect(committed).toBe(handled);
      expect(arrived.size).toBe(handled);
      await listener.close();
      await target.stop();
    },
  );
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Ctx, MessageContext, MultiBroker, Payload, RejectMessage, Subscribe } from '../../../lib/index.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { deadLetterScenarios, type World } from '../../support/dead-letters/scenarios.js';
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  startNatsServer,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';
import { managerOf } from '../../support/nats-library.js';

const servers: World = {
  real: true,
  definitions: () => [orders({ commitIntervalMs: 100 }), events()],
  kafka: async (name) => {
    const topic = await createTopic(uniqueName(name), 5);
    return { broker: 'orders', source: topic, destination: topic, address: topic };
  },
  jetstream: async (name) => {
    const [subject, streamName] = [uniqueName(name), uniqueName('STREAM')];
    const source = stream(streamName, { durable: 'd', subjects: [subject], storage: 'memory' });
    return { broker: 'events', source, destination: toStream(subject), address: subject };
  },
  core: async (name) => {
    const subject = uniqueName(name);
    return { broker: 'events', source: subject, destination: subject, address: subject };
  },
  pass: async () => undefined,
};

whenBrokers(describe)('on real servers', () => deadLetterScenarios(servers));

async function rewind(groupId: string, topic: string): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] });
  await admin.disconnect();
}

whenBrokers(describe)('a message that is delivered again after its letter, as its ack was lost', () => {
  afterEach(closeApps);

  it('has one letter on JetStream, and its offset is committed behind the letter alone', async () => {
    const [topic, groupId] = [await createTopic(uniqueName('topic')), uniqueName('group')];
    const [subject, name] = [uniqueName('dead'), uniqueName('DEAD')];
    const letters: string[] = [];

    @Injectable()
    class Orders {
      @Subscribe('orders', topic, { deadLetter: { broker: 'events', destination: toStream(subject) } })
      handle(@Payload() text: string) {
        if (text === 'poison') throw new RejectMessage('no good');
      }

      @Subscribe('events', stream(name, { durable: 'd', subjects: [subject], storage: 'memory' }))
      letter(@Ctx() { message }: MessageContext<string>) {
        letters.push(message.payload);
      }
    }
    const run = async (): Promise<MultiBroker> => {
      const app = await application([orders({ groupId, commitIntervalMs: 100 }), events()], [Orders]);
      await app.init();
      return app.get(MultiBroker);
    };
    const parked = (brokers: MultiBroker) => brokers.get('orders').health().counts.deadLettered === 1;

    const first = await run();
    for (const text of ['poison', 'good']) await first.get('orders').publish(topic, text);
    await until(() => parked(first), { what: 'it is parked' });
    await until(async () => (await committedOffsets(groupId, topic))[0] === 2, { what: 'both are committed' });
    await closeApps();

    await rewind(groupId, topic);
    const second = await run();
    await until(() => parked(second), { what: 'it is parked again' });
    await until(async () => (await committedOffsets(groupId, topic))[0] === 2, { what: 'both are committed again' });
    const { state } = await (await managerOf(second.get('events').native())).streams.info(name);
    expect([state.messages, letters]).toEqual([1, ['poison']]);
  }, 60_000);
});

whenBrokers(describe)('a dead-letter broker that is down', () => {
  afterEach(closeApps);

  it('keeps the offset uncommitted and the partition waiting; once it is back, both go on', async () => {
    const [topic, groupId] = [await createTopic(uniqueName('topic')), uniqueName('group')];
    const server = await startNatsServer({ jetstream: true });
    const [subject, name] = [uniqueName('dead'), uniqueName('DEAD')];
    const [handled, letters]: [string[], string[]] = [[], []];

    @Injectable()
    class Orders {
      @Subscribe('orders', topic, { deadLetter: { broker: 'events', destination: toStream(subject) } })
      handle(@Payload() text: string) {
        handled.push(text);
        if (text === 'poison') throw new RejectMessage('no good');
      }

      @Subscribe('events', stream(name, { durable: 'd', subjects: [subject] }))
      letter(@Payload() text: string) {
        letters.push(text);
      }
    }
    const parking = events({ client: { servers: server.url, reconnectTimeWait: 100, maxReconnectAttempts: -1 } });
    const app = await application([orders({ groupId, commitIntervalMs: 100 }), parking], [Orders]);
    await app.init();
    const broker = app.get(MultiBroker).get('orders');
    await server.kill();
    for (const text of ['poison', 'good']) await broker.publish(topic, text);
    await until(() => broker.health().reasons.length > 0, { what: 'health says why', timeoutMs: 20_000 });
    expect(broker.health().reasons.join()).toMatch(/Orders\.handle .* waits for 1 message\(s\) .*on broker 'events'/);
    expect([handled, await committedOffsets(groupId, topic)]).toEqual([['poison'], [0]]);

    await server.restart();
    await until(() => handled.length === 2 && letters.length === 1, { what: 'both go on', timeoutMs: 20_000 });
    expect([handled, letters]).toEqual([['poison', 'good'], ['poison']]);
    await until(async () => (await committedOffsets(groupId, topic))[0] === 2, { what: 'both are committed' });
    expect(broker.health()).toMatchObject({ status: 'up', counts: { deadLettered: 1 } });
    await closeApps();
    await server.stop();
  }, 60_000);
});

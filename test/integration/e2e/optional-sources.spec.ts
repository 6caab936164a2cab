import { connect as dial } from 'node:net';

import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'nats';
import { MultiBroker, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { topic } from '../../../lib/kafka/index.js';
import { stream } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import {
  createTopic,
  kafkaClient,
  produce,
  realBrokers,
  startNatsServer,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { ON_KAFKAJS } from '../../support/kafka-library.js';
import { application, events, orders } from './support.js';

jest.setTimeout(60_000);

whenBrokers(describe)('sources of a broker with critical: false', () => {
  afterEach(closeApps);

  it('are read though the stream of another one is missing; health names that one until it is there', async () => {
    const [sound, missing, subject] = [uniqueName('SOUND'), uniqueName('MISSING'), uniqueName('core')];
    const nc = await connect({ servers: realBrokers().nats });
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: sound, subjects: [`${sound}.>`], storage: 'memory' as never });
    for (let n = 0; n < 10; n++) await nc.jetstream().publish(`${sound}.x`, 'before the start');
    const seen = { sound: 0, missing: 0, core: 0 };
    @Injectable()
    class Handlers {
      @Subscribe('events', stream(sound, { durable: 'd' }))
      sound() {
        seen.sound++;
      }

      @Subscribe('events', stream(missing, { durable: 'd' }))
      missing() {
        seen.missing++;
      }

      @Subscribe('events', subject)
      core() {
        seen.core++;
      }
    }
    const app = await application([events({ critical: false })], [Handlers]);
    await app.init();
    const health = () => app.get(MultiBroker).get('events').health();
    nc.publish(subject, 'x');
    await until(() => seen.sound === 10 && seen.core === 1, { what: 'the others read' });
    const { delivered, num_redelivered, num_ack_pending } = await jsm.consumers.info(sound, 'd');
    expect({ delivered: delivered.consumer_seq, num_redelivered, num_ack_pending }).toEqual({
      delivered: 10,
      num_redelivered: 0,
      num_ack_pending: expect.any(Number),
    });
    expect(health()).toMatchObject({
      status: 'degraded',
      reasons: [
        expect.stringMatching(new RegExp(`^Handlers\\.missing does not read .*${missing}.* yet: .*does not exist`)),
      ],
    });

    await jsm.streams.add({ name: missing, subjects: [`${missing}.>`], storage: 'memory' as never });
    await nc.jetstream().publish(`${missing}.x`, 'x');
    await until(() => seen.missing === 1 && health().status === 'up', { what: 'the stream that was missing is read' });
    await app.close();
    for (const name of [sound, missing]) await jsm.streams.delete(name);
    await nc.close();
  });

  it('give nothing of a stream to a start that fails: it comes as a first delivery to the next one', async () => {
    const [sound, missing] = [uniqueName('SOUND'), uniqueName('MISSING')];
    const nc = await connect({ servers: realBrokers().nats });
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: sound, subjects: [`${sound}.>`], storage: 'memory' as never });
    await jsm.consumers.add(sound, { durable_name: 'd', ack_policy: 'explicit' as never });
    for (let n = 0; n < 10; n++) await nc.jetstream().publish(`${sound}.x`, 'x');
    @Injectable()
    class Handlers {
      @Subscribe('events', stream(sound, { durable: 'd' }))
      sound() {}

      @Subscribe('events', stream(missing, { durable: 'd' }))
      missing() {}
    }
    const app = await application([events()], [Handlers]);
    await expect(app.init()).rejects.toMatchObject({ code: 'MULTI_BROKER_START_FAILED' });
    const { delivered, num_ack_pending, num_pending } = await jsm.consumers.info(sound, 'd');
    expect([delivered.consumer_seq, num_ack_pending, num_pending]).toEqual([0, 0, 10]);
    await jsm.streams.delete(sound);
    await nc.close();
  });
});

whenBrokers(describe)('a Kafka source of a broker with critical: false whose topic is missing', () => {
  afterEach(closeApps);

  it.each([
    ['of a group of its own', uniqueName('other-group')],
    ['of the same group', undefined],
  ])('%s never disturbs another replica, nor keeps the other topic from being read', async (_, groupOfMissing) => {
    const [name, absent, groupId] = [
      await createTopic(uniqueName('topic'), 2),
      uniqueName('absent'),
      uniqueName('group'),
    ];
    const handled: string[] = [];
    let release!: () => void;
    const triedTwice = new Promise<void>((resolve) => {
      release = resolve;
    });
    // Each replica is at work while the missing topic is tried.
    const take = async (replica: string, text: string) => {
      handled.push(`${replica} ${text}`);
      await triedTwice;
    };
    @Injectable()
    class Healthy {
      @Subscribe('orders', topic(name, { groupId }))
      on(@Payload() text: string) {
        return take('healthy', text);
      }
    }
    @Injectable()
    class Optional {
      @Subscribe('orders', topic(name, { groupId }))
      sound(@Payload() text: string) {
        return take('optional', text);
      }

      @Subscribe('orders', topic(new RegExp(`^${absent}$`), { groupId: groupOfMissing ?? groupId }))
      missing(@Payload() text: string) {
        handled.push(`missing ${text}`);
      }
    }
    const healthy = await application([orders({ groupId })], [Healthy]);
    await healthy.init();
    let dials = 0;
    const client = {
      brokers: realBrokers().kafka,
      socketFactory: ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => {
        dials++;
        return dial({ host, port }, onConnect);
      },
    };
    // Its sockets are counted, which kafkajs alone allows.
    const counted = orders({ groupId, critical: false, client }, ON_KAFKAJS);
    const optional = await application([counted], [Optional]);
    await optional.init();
    const health = () => optional.get(MultiBroker).get('orders').health();
    const admin = kafkaClient().admin();
    await admin.connect();
    const group = async () => (await admin.describeGroups([groupId])).groups[0]!;
    await until(async () => (await group()).members.length === 2 && (await group()).state === 'Stable', {
      what: 'both replicas are members',
      timeoutMs: 20_000,
    });
    await until(() => health().reasons.length === 1, { what: 'the sound topic is read', timeoutMs: 20_000 });
    expect(health()).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringMatching(/^Optional\.missing does not read .* yet: .*No topic matches/)],
    });
    const members = (await group()).members.map(({ memberId }) => memberId).sort();
    const begun = dials;
    let published = 0;
    // Each try dials anew: some are over by then.
    while (dials < begun + 4) {
      await produce(
        name,
        [0, 1].map((partition) => ({ partition, value: String(published++) })),
      );
      const { state, members: now } = await group();
      expect([state, now.map(({ memberId }) => memberId).sort()]).toEqual(['Stable', members]);
      if (dials >= begun + 2) release();
    }
    await until(() => handled.length >= published, { what: 'all are handled', timeoutMs: 20_000 });
    expect(new Set(handled.map((one) => one.split(' ')[1])).size).toBe(published);
    expect(handled).toHaveLength(published);
    expect(handled.some((one) => one.startsWith('optional'))).toBe(true);

    await createTopic(absent);
    await until(() => health().status === 'up', { what: 'the topic that was missing is read', timeoutMs: 30_000 });
    await produce(absent, [{ value: 'there' }]);
    await until(() => handled.includes('missing there'), { what: 'its message is handled' });
    await admin.disconnect();
  });
});

whenBrokers(describe)('a durable source that publishes to a broker that comes late', () => {
  afterEach(closeApps);

  it('is read although the server of another broker refuses a core subject for want of permission', async () => {
    const name = await createTopic(uniqueName('topic'));
    const server = await startNatsServer({
      auth: [{ user: 'u', password: 'p', permissions: { subscribe: { deny: ['deny.>'] } } }],
    });
    const [coreOut, out] = [await createTopic(uniqueName('core-out')), await createTopic(uniqueName('out'))];
    let up = false;
    const handled: string[] = [];
    @Injectable()
    class Handlers {
      @Subscribe('denied', 'deny.x')
      @PublishTo('late', coreOut)
      core() {}

      @Subscribe('orders', topic(name))
      @PublishTo('late', out)
      durable(@Payload() text: string) {
        handled.push(text);
        return text;
      }
    }
    const client = {
      brokers: realBrokers().kafka,
      socketFactory: ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) =>
        dial({ host, port: up ? port : 1 }, onConnect),
    };
    // Its server is up: that it cannot be reached takes sockets of the test, which kafkajs alone allows.
    const late = orders({ name: 'late', critical: false, client }, ON_KAFKAJS);
    const denied = events({ name: 'denied', client: { servers: server.url, user: 'u', pass: 'p' } });
    const app = await application([denied, orders(), late], [Handlers]);
    await app.init();
    const reasons = (broker: string) => app.get(MultiBroker).get(broker).health().reasons.join('\n');
    expect(reasons('orders')).toContain("broker 'late', which it publishes to, is not up");
    await produce(name, [{ value: 'a' }]);
    up = true;
    await until(() => handled.length === 1, { what: 'the durable source is read', timeoutMs: 30_000 });
    expect(reasons('denied')).toMatch(/^Handlers\.core does not read .*deny\.x.* yet: .*permission/i);
    await app.close();
    await server.stop();
  });
});

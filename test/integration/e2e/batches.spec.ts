import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type BatchContext,
  type BrokerMessage,
  Ctx,
  MessageContext,
  MultiBroker,
  outgoing,
  Payload,
  PublishTo,
  Subscribe,
} from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import {
  committedOffsets,
  createTopic,
  produce,
  readAll,
  uniqueName,
  until,
  whenBrokers,
} from '../../support/real-brokers.js';
import { stream, toStream } from '../../../lib/nats/index.js';
import { application, deleteStream, events, orders } from './support.js';

jest.setTimeout(60_000);

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function filled(count: number): Promise<string> {
  const topic = await createTopic(uniqueName('batches'), 1);
  await produce(
    topic,
    upTo(count).map((index) => ({ key: 'k', value: String(index) })),
  );
  return topic;
}

whenBrokers(describe)('on real Kafka, batches', () => {
  afterEach(closeApps);

  it('are up to maxSize messages of a partition, in order; their results are published, and all are committed', async () => {
    const [source, target, groupId] = [await filled(1_000), await createTopic(uniqueName('out'), 1), uniqueName('g')];
    const sizes: number[] = [];

    @Injectable()
    class Bridge {
      @Subscribe('orders', source, { batch: { maxSize: 100 } })
      @PublishTo('orders', target)
      on(@Payload() payloads: number[], @Ctx() context: BatchContext<number>) {
        sizes.push(payloads.length);
        expect(context.messages.map(({ payload }) => payload)).toEqual(payloads);
        return payloads.map((payload) => outgoing({ was: payload }, { key: 'k' }));
      }
    }
    const app = await application([orders({ groupId, commitIntervalMs: 100 })], [Bridge]);
    await app.init();
    await until(async () => (await committedOffsets(groupId, source))[0] === 1000, { what: 'all are committed' });
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes.length).toBeLessThan(40);
    const written = await readAll(target);
    expect(written.map(({ value }) => JSON.parse(String(value)))).toEqual(upTo(1_000).map((was) => ({ was })));
    expect(app.get(MultiBroker).health().status).toBe('up');
  });

  it('with a poison item are halved until it is alone; it holds the partition, and nothing behind it is committed', async () => {
    const [source, groupId] = [await filled(100), uniqueName('g')];
    const calls: number[][] = [];
    let poison = 41;

    @Injectable()
    class Handlers {
      @Subscribe('orders', source, { batch: { maxSize: 100, maxWaitMs: 500 }, retry: { delayMs: 1 } })
      on(@Payload() payloads: number[]) {
        calls.push([...payloads]);
        if (payloads.includes(poison)) throw new Error('poison');
      }
    }
    const app = await application([orders({ groupId, commitIntervalMs: 100 })], [Handlers]);
    await app.init();
    const tries = () => calls.filter((call) => call.length === 1 && call[0] === 41).length;
    await until(() => tries() >= 3, { what: 'it is held' });
    await until(async () => (await committedOffsets(groupId, source))[0] === 41, {
      what: 'those before are committed',
    });
    const before = tries();
    await until(() => tries() > before + 1, { what: 'it is tried again, past several commits' });
    expect(await committedOffsets(groupId, source)).toEqual([41]);
    expect(app.get(MultiBroker).health().status).toBe('degraded');
    poison = -1;
    await until(async () => (await committedOffsets(groupId, source))[0] === 100, { what: 'all are committed' });
    expect(calls.at(-1)).toEqual(upTo(100).slice(42));
  });

  it('park by deadLetter(i, reason) and deadLetter(), in a stream of JetStream; all are committed', async () => {
    const [source, groupId] = [await filled(20), uniqueName('g')];
    const [subject, name] = [uniqueName('dead'), uniqueName('DEAD')];
    const letters: BrokerMessage<number>[] = [];
    const sizes: number[] = [];

    @Injectable()
    class Handlers {
      @Subscribe('orders', source, {
        batch: { maxSize: 10, maxWaitMs: 500 },
        deadLetter: { broker: 'events', destination: toStream(subject) },
      })
      on(@Payload() payloads: number[], @Ctx() context: BatchContext<number>) {
        sizes.push(payloads.length);
        for (const [index, payload] of payloads.entries()) {
          if (payload === 3) context.deadLetter(index, 'look at it');
          if (payload === 10) context.ack(index);
        }
        if (payloads.includes(10)) context.deadLetter('half of all');
      }

      @Subscribe('events', stream(name, { durable: 'd', subjects: [subject], storage: 'memory' }))
      letter(@Ctx() { message }: MessageContext<number>) {
        letters.push(message);
      }
    }
    const app = await application([orders({ groupId, commitIntervalMs: 100 }), events()], [Handlers]);
    await app.init();
    await until(async () => (await committedOffsets(groupId, source))[0] === 20, { what: 'all are committed' });
    await until(() => letters.length >= 10, { what: 'the letters arrive' });
    expect(sizes).toEqual([10, 10]);
    expect(letters.map(({ payload }) => payload)).toEqual([3, ...upTo(20).slice(11)]);
    const told = letters.map(({ key, headers }) => [
      key,
      headers['dead-letter-source'],
      headers['dead-letter-message'],
    ]);
    const reasons = ['look at it', ...upTo(9).map(() => 'half of all')];
    expect(told).toEqual(reasons.map((reason) => ['k', source, expect.stringContaining(reason)]));
    const from = letters.map(({ headers }) => headers['dead-letter-position'] ?? '');
    expect([new Set(from).size, from.every((position) => position.includes(source))]).toEqual([10, true]);
    expect(app.get(MultiBroker).get('orders').health().counts.deadLettered).toBe(10);
    await app.close();
    await deleteStream(name);
  });
});

whenBrokers(describe)('on real NATS, batches', () => {
  afterEach(closeApps);

  it('of a stream are published to another one once, as item i has the dedupe id of message i; all are acked', async () => {
    const [subject, name, out, target] = [uniqueName('in'), uniqueName('IN'), uniqueName('out'), uniqueName('OUT')];
    const sizes: number[] = [];
    const arrived: unknown[] = [];
    let fails = true;

    @Injectable()
    class Bridge {
      @Subscribe('events', stream(name, { durable: 'd', subjects: [subject], storage: 'memory' }), {
        batch: { maxSize: 50, maxWaitMs: 200 },
        retry: { delayMs: 1 },
      })
      @PublishTo('events', toStream(out))
      on(@Payload() payloads: number[]) {
        sizes.push(payloads.length);
        if (fails && payloads.includes(30)) {
          fails = false;
          throw new Error('once');
        }
        return payloads.map((payload) => ({ was: payload }));
      }

      @Subscribe('events', stream(target, { durable: 'd', subjects: [out], storage: 'memory' }))
      arrives(@Payload() payload: unknown) {
        arrived.push(payload);
      }
    }
    const app = await application([events()], [Bridge]);
    await app.init();
    await app.get(MultiBroker).get('events').publishBatch(toStream(subject), upTo(200));
    await until(() => arrived.length >= 200, { what: 'all arrived' });
    const handle = app.get(MultiBroker).handler(Bridge, 'on');
    await until(async () => (await handle.lag()) === 0, { what: 'all are acked' });
    expect(arrived).toHaveLength(200);
    expect(new Set(arrived.map((one) => (one as { was: number }).was)).size).toBe(200);
    expect(Math.max(...sizes)).toBe(50);
    await app.close();
    await deleteStream(name);
    await deleteStream(target);
  });

  it('of a stream whose handler takes longer than ack_wait are not redelivered, however long they have waited', async () => {
    const [subject, name] = [uniqueName('in'), uniqueName('IN')];
    const calls: { payloads: number[]; attempts: number[] }[] = [];

    @Injectable()
    class Slow {
      @Subscribe('events', stream(name, { durable: 'd', subjects: [subject], storage: 'memory', ackWaitMs: 1_000 }), {
        batch: { maxSize: 100, maxWaitMs: 2_500 },
      })
      async on(@Payload() payloads: number[], @Ctx() { messages }: BatchContext) {
        calls.push({ payloads: [...payloads], attempts: messages.map(({ attempt }) => attempt) });
        await delay(2_500);
      }
    }
    const app = await application([events()], [Slow]);
    await app.init();
    await app.get(MultiBroker).get('events').publishBatch(toStream(subject), upTo(5));
    const handle = app.get(MultiBroker).handler(Slow, 'on');
    await until(async () => calls.length > 0 && (await handle.lag()) === 0, { what: 'all are acked' });
    expect(calls).toEqual([{ payloads: upTo(5), attempts: [1, 1, 1, 1, 1] }]);
    await app.close();
    await deleteStream(name);
  });

  it('of a core subject are handled to the end at a stop, without the rest of their wait', async () => {
    const subject = uniqueName('core');
    const calls: number[][] = [];

    @Injectable()
    class Readings {
      @Subscribe('events', subject, { batch: { maxSize: 100, maxWaitMs: 60_000 } })
      on(@Payload() payloads: number[]) {
        calls.push([...payloads]);
      }
    }
    const app = await application([events()], [Readings]);
    await app.init();
    const broker = app.get(MultiBroker).get('events');
    await broker.publishBatch(subject, upTo(250));
    await until(() => calls.length === 2, { what: 'two batches are full' });
    await until(() => broker.health().counts.unsettled === 50, { what: 'the rest has arrived' });
    await app.close();
    expect(calls.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(calls.flat()).toEqual(upTo(250));
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { type Broker, type Delivery, MultiBroker, Payload, Subscribe } from '../../lib/index.js';
import { topic } from '../../lib/kafka/index.js';
import { stream, subject, toStream } from '../../lib/nats/index.js';
import { LifecycleRig, stateOf } from '../support/lifecycle-rig.js';
import { closeTestApps, type TestApp, testApp } from '../support/test-app.js';
import { turns } from '../support/turns.js';

afterEach(closeTestApps);

/** A source of each kind, and how to publish to it in one order. */
const kinds = {
  Kafka: { broker: 'orders', source: topic('in', { groupId: 'pulls' }), to: 'in', key: 'k' },
  JetStream: {
    broker: 'events',
    source: stream('IN', { durable: 'pulls', subjects: ['in.>'] }),
    to: toStream('in.a'),
    key: 'k',
  },
  'core NATS': { broker: 'events', source: subject('in'), to: 'in', key: 'k' },
} as const;
type Kind = keyof typeof kinds;
const durable = ['Kafka', 'JetStream'] as const;

interface Pull {
  readonly app: TestApp;
  readonly broker: Broker;
  readonly pull: AsyncIterator<Delivery>;
  publish(...payloads: unknown[]): Promise<void>;
  again(): AsyncIterator<Delivery>;
  next(): Promise<Delivery>;
}

/** A loop over messages that the test asks itself. */
async function pulling(kind: Kind, options?: Parameters<Broker['messages']>[1]): Promise<Pull> {
  const { broker: name, source, to, key } = kinds[kind];
  const app = await testApp([]);
  const broker = app.broker(name);
  const again = (): AsyncIterator<Delivery> => broker.messages(source, options)[Symbol.asyncIterator]();
  const pull = again();
  const publish = async (...payloads: unknown[]): Promise<void> => {
    for (const payload of payloads) await broker.publish(to, payload, { key });
    await turns();
  };
  const next = async (): Promise<Delivery> => {
    const { done, value } = await pull.next();
    if (done === true) throw new Error('the loop has ended');
    return value;
  };
  return { app, broker, pull, publish, again, next };
}

describe.each(Object.keys(kinds) as Kind[])('a loop over messages of %s', (kind) => {
  it('gets them one by one in order, and acks each when the next is asked for', async () => {
    const { broker, pull, publish, next } = await pulling(kind);
    const first = next();
    await turns();
    await publish('a', 'b', 'c');
    expect((await first).payload).toBe('a');
    expect(broker.health().counts.handled).toBe(0);
    expect((await next()).payload).toBe('b');
    expect(broker.health().counts.handled).toBe(1);
    expect((await next()).payload).toBe('c');
    const last = pull.next();
    await turns();
    expect(broker.health().counts).toMatchObject({ handled: 3, unsettled: 0 });
    expect(await stateOf(last)).toBe('open');
    await pull.return?.();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('takes nothing in hand before it asks', async () => {
    const { broker, publish, next, pull } = await pulling(kind);
    const first = next();
    await turns();
    await publish('a');
    const delivery = await first;
    delivery.ack();
    await publish('b', 'c');
    expect(broker.health().counts).toMatchObject({ running: 1, handled: 0 });
    expect((await next()).payload).toBe('b');
    await pull.return?.();
  });

  it('is written as for await, and leaves by break', async () => {
    const { broker, publish, app } = await pulling(kind);
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const { payload } of broker.messages(kinds[kind].source)) {
        seen.push(payload);
        if (payload === 'b') break;
      }
    })();
    await turns();
    await publish('a', 'b', 'c');
    await loop;
    expect(seen).toEqual(['a', 'b']);
    await app.harness.settled();
    expect(broker.health().counts.running).toBe(0);
  });

  it('ends at a stop of the application, once the current message is settled', async () => {
    const { app, broker, publish, next, pull } = await pulling(kind);
    const first = next();
    await turns();
    await publish('a', 'b');
    await first;
    const stopped = app.moduleRef.get(MultiBroker).stop();
    expect(await stateOf(stopped)).toBe('open');
    expect(await pull.next()).toEqual({ done: true, value: undefined });
    await stopped;
    expect(broker.health().counts).toMatchObject({ handled: 1, failed: 0, rejected: 0 });
  });

  it('ends when its signal aborts, after the current message, and at once while it waits for one', async () => {
    for (const current of [true, false]) {
      const abort = new AbortController();
      const { broker, publish, next, pull } = await pulling(kind, { signal: abort.signal });
      const first = next();
      await turns();
      if (current) {
        await publish('a', 'b');
        await first;
      }
      abort.abort();
      if (current) expect((await pull.next()).done).toBe(true);
      else await expect(first).rejects.toThrow('the loop has ended');
      await turns();
      expect(broker.health().counts).toMatchObject({ handled: current ? 1 : 0, running: 0, unsettled: 0 });
      await closeTestApps();
    }
  });

  it('never gets what cannot be decoded, which is a failure of that message', async () => {
    const { app, broker, publish, next, pull } = await pulling(kind, { ack: 'reject-on-error' });
    app.harness.expectFailures();
    const first = next();
    await turns();
    await broker.publish(kinds[kind].to, Buffer.from('{'), { headers: { 'content-type': 'application/json' } });
    await publish('b');
    expect((await first).payload).toBe('b');
    expect(broker.health().counts).toMatchObject({ failed: 1, rejected: 1 });
    await pull.return?.();
  });

  it('refuses options that the loop itself decides', async () => {
    const { broker } = await pulling(kind);
    const bad = (options: object) => () => broker.messages(kinds[kind].source, options);
    expect(bad({ ack: 'manual' })).toThrow('the loop itself settles its messages');
    expect(bad({ concurrency: 4 })).toThrow("messages(): there is no option 'concurrency'");
    expect(bad({ schem: {} })).toThrow("did you mean 'schema'?");
  });
});

describe.each(durable)('a loop over messages of %s', (kind) => {
  it('hands its message back when it is left by break or by a throw', async () => {
    for (const leave of ['break', 'throw'] as const) {
      const { broker, publish, again } = await pulling(kind);
      const loop = (async () => {
        for await (const { payload } of broker.messages(kinds[kind].source)) {
          if (payload === 'b' && leave === 'throw') throw new Error('no more');
          if (payload === 'b') break;
        }
      })();
      const left = loop.catch((error: unknown) => (error as Error).message);
      await turns();
      await publish('a', 'b', 'c');
      expect(await left).toBe(leave === 'throw' ? 'no more' : undefined);
      const pull = again();
      expect((await pull.next()).value).toMatchObject({ payload: 'b' });
      expect((await pull.next()).value).toMatchObject({ payload: 'c' });
      await pull.return?.();
      await closeTestApps();
    }
  });

  it('keeps what is settled by hand before it is left', async () => {
    const { publish, next, pull, again } = await pulling(kind);
    const first = next();
    await turns();
    await publish('a', 'b');
    (await first).ack();
    await pull.return?.();
    const other = again();
    expect((await other.next()).value).toMatchObject({ payload: 'b' });
    await other.return?.();
  });

  it('gets a message again that it nacks, after its delay', async () => {
    const { app, broker, publish } = await pulling(kind);
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const delivery of broker.messages(kinds[kind].source)) {
        seen.push(delivery.payload);
        if (seen.length === 1) delivery.nack({ delayMs: 5_000 });
      }
    })();
    await turns();
    await publish('a');
    await app.harness.clock.advance(4_999);
    expect(seen).toEqual(['a']);
    await app.harness.clock.advance(1);
    expect(seen).toEqual(['a', 'a']);
    await app.moduleRef.get(MultiBroker).stop();
    await loop;
  });

  it('goes on after a lost connection, which aborts the signal of its message; that comes again', async () => {
    const { app, broker, publish } = await pulling(kind);
    const seen: unknown[] = [];
    const lost: { signal?: AbortSignal } = {};
    const loop = (async () => {
      for await (const { payload, signal } of broker.messages(kinds[kind].source)) {
        seen.push(payload);
        if (lost.signal !== undefined) continue;
        lost.signal = signal;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
    })();
    await turns();
    await publish('a');
    const fault = app.harness.fault(kinds[kind].broker);
    await fault.dropConnection();
    await fault.restore();
    await app.harness.clock.advance(30_000);
    expect(seen).toEqual(['a', 'a']);
    await app.moduleRef.get(MultiBroker).stop();
    await loop;
  });

  it('leaves what it has not asked for to the next loop, also at a stop', async () => {
    const { app, publish, next, pull, again } = await pulling(kind);
    const first = next();
    await turns();
    await publish('a', 'b');
    await first;
    const stopped = app.moduleRef.get(MultiBroker).stop();
    await pull.next();
    await stopped;
    await app.moduleRef.get(MultiBroker).start();
    const other = again();
    expect((await other.next()).value).toMatchObject({ payload: 'b' });
    await other.return?.();
  });
});

it('a loop over several partitions has one message in hand, and none of them waits for another', async () => {
  const { broker, next, pull } = await pulling('Kafka');
  const first = next();
  await turns();
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await broker.publish('in', key, { key });
  await turns();
  const seen = [(await first).payload];
  expect(broker.health().counts.running).toBe(1);
  while (seen.length < 6) seen.push((await next()).payload);
  expect(seen.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  await pull.return?.();
});

it('messages of core NATS that nobody has asked for are dropped and counted when the loop is left', async () => {
  const { broker, publish, next, pull } = await pulling('core NATS');
  const first = next();
  await turns();
  await publish('a', 'b', 'c');
  await first;
  await pull.return?.();
  expect(broker.health().counts).toMatchObject({ dropped: 2, rejected: 0, handled: 1 });
});

it('a loop over a source that a handler reads is refused when it asks', async () => {
  @Injectable()
  class Reader {
    @Subscribe('orders', 'in')
    read(@Payload() _payload: unknown) {}
  }
  const { broker } = await testApp([Reader]);
  const pull = broker('orders').messages('in')[Symbol.asyncIterator]();
  expect(await stateOf(pull.next())).toBe('MULTI_BROKER_SOURCE_CLASH');
  expect(await pull.next()).toEqual({ done: true, value: undefined });
});

it('a source that is no source is refused at once', async () => {
  const { broker } = await testApp([]);
  expect(() => broker('orders').messages('with blank')).toThrow(/MULTI_BROKER_ADDRESS_INVALID|blank/);
});

it('a loop ends with a killed process', async () => {
  const rig = new LifecycleRig({ brokers: ['orders'] });
  await rig.multi.start();
  const pull = rig.multi.get('orders').messages('in')[Symbol.asyncIterator]();
  const asked = pull.next();
  await turns();
  await rig.multi.kill();
  expect(await asked).toEqual({ done: true, value: undefined });
  await rig.multi.stop();
});

it('a loop that cannot subscribe rejects once, with the reason', async () => {
  const rig = new LifecycleRig({
    brokers: ['orders'],
    prepare: ({ gates }) => (gates.subscribe = () => Promise.reject(new Error('no such topic'))),
  });
  const pull = rig.multi.get('orders').messages('in')[Symbol.asyncIterator]();
  await expect(pull.next()).rejects.toThrow('no such topic');
  expect(await pull.next()).toEqual({ done: true, value: undefined });
  await rig.multi.stop();
});

it('a loop that was left before it asked subscribes nothing', async () => {
  const { pull, broker } = await pulling('Kafka');
  await pull.return?.();
  expect(await pull.next()).toEqual({ done: true, value: undefined });
  expect(broker.health().counts.unsettled).toBe(0);
});

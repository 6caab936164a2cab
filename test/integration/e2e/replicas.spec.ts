import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { StorageType } from 'nats';
import { bytes, MultiBroker, type SubscribeOptions, type Subscription } from '../../../lib/index.js';
import { stream, type StreamOptions } from '../../../lib/nats/index.js';
import { closeApps } from '../../support/app.js';
import { JetStreamServer } from '../../support/nats/jetstream-server.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { application, events } from './support.js';

jest.setTimeout(60_000);

interface Replica {
  readonly subscription: Subscription;
  readonly brokers: MultiBroker;
  handled: number;
}

whenNative(describe, 'nats')('replicas that share a durable', () => {
  const server = new JetStreamServer();
  afterEach(closeApps);

  const make = async (count: number, size = 10) => {
    const name = uniqueName('S');
    await server.jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
    await fill(name, count, size);
    return name;
  };
  const fill = async (name: string, count: number, size = 10) => {
    const js = server.nc.jetstream();
    const body = Buffer.alloc(size);
    for (let from = 0; from < count; from += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - from) }, () => js.publish(name, body)));
    }
  };
  const replica = async (
    name: string,
    handle: () => unknown,
    options: Partial<StreamOptions> = {},
    settings: SubscribeOptions = {},
  ): Promise<Replica> => {
    const app = await application([events({ client: { servers: server.url } })], []);
    await app.init();
    const brokers = app.get(MultiBroker);
    const made = { brokers, handled: 0 };
    const subscription = await brokers.get('events').subscribe(
      stream(name, { durable: 'd', ...options }),
      async () => {
        await handle();
        both.handled++;
      },
      { codec: bytes, ...settings },
    );
    const both: Replica = Object.assign(made, { subscription });
    return both;
  };
  const facts = async (name: string) => (await server.jsm.consumers.info(name, 'd')).num_ack_pending;

  it.each([
    [10, 500, 10, 0],
    [10, 400, 10, 40],
    [30, 300, 10, 30],
    [50, 200, 10, 20],
    [10, 300, 500_000, 40],
  ])(
    'share within 60:40 what is left when the second one comes: %i ms, %i messages of %i bytes, %i handled before',
    async (tookMs, count, size, handledBefore) => {
      const name = await make(count, size);
      const first = await replica(name, () => delay(tookMs));
      await until(() => first.handled >= handledBefore, { what: 'the first one is ahead', timeoutMs: 20_000 });
      const second = await replica(name, () => delay(tookMs));
      const left = count - first.handled;
      await until(() => first.handled + second.handled >= count, { what: 'all are handled', timeoutMs: 40_000 });
      expect(second.handled / left).toBeGreaterThan(0.4);
      expect(second.handled / left).toBeLessThan(0.6);
    },
  );

  it('go on where the handler of one hangs: its health says so, and the others have all but the message it is at', async () => {
    const name = await make(0);
    const options = { ackWaitMs: 1_500 };
    const hung = await replica(name, () => new Promise(() => undefined), options);
    const sound = await replica(name, () => undefined, options);
    await fill(name, 3_000);
    await until(() => sound.handled === 2_999, { what: 'all but one are handled', timeoutMs: 20_000 });
    await until(() => hung.brokers.health().status === 'degraded', { what: 'health says so' });
    expect(hung.brokers.health().brokers[0]!.reasons).toEqual([expect.stringContaining('ack_wait')]);
    await until(async () => (await facts(name)) === 1, { what: 'all but one are settled' });
    expect(sound.brokers.health().status).toBe('up');
  });

  it('go on where one that was fast begins to hang: what waited there is given back', async () => {
    const name = await make(0);
    const options = { ackWaitMs: 1_500 };
    let hangs = false;
    const first = await replica(name, () => (hangs ? new Promise(() => undefined) : undefined), options);
    await fill(name, 2_000);
    await until(() => first.handled === 2_000, { what: 'it was fast' });
    hangs = true;
    await fill(name, 1_000);
    const second = await replica(name, () => undefined, options);
    await until(() => second.handled === 999, { what: 'the other has the rest', timeoutMs: 20_000 });
    expect(first.handled).toBe(2_000);
  });

  it('go on where one is paused, which has its share again once it is resumed', async () => {
    const name = await make(0);
    const paused = await replica(name, () => undefined, { ackWaitMs: 30_000 });
    await fill(name, 1_000);
    await until(() => paused.handled === 1_000, { what: 'it was fast' });
    const published = fill(name, 1_000);
    paused.subscription.pause();
    await published;
    const sound = await replica(name, () => delay(1), { ackWaitMs: 30_000 });
    await until(() => paused.handled + sound.handled === 2_000, { what: 'all are handled', timeoutMs: 15_000 });
    const before = paused.handled;
    paused.subscription.resume();
    await fill(name, 500);
    await until(() => paused.handled + sound.handled === 2_500, { what: 'all are handled' });
    expect(paused.handled).toBeGreaterThan(before);
  });

  it('lose none to maxDeliver by orderly stops', async () => {
    const name = await make(30);
    for (let round = 0; round < 4; round++) {
      const stopping = await replica(name, () => delay(100), { maxDeliver: 3 });
      await until(() => stopping.handled >= 2, { what: 'it has begun' });
      await closeApps();
    }
    const last = await replica(name, () => undefined, { maxDeliver: 3 });
    await until(async () => (await facts(name)) === 0 && last.handled > 0, { what: 'nothing waits' });
    const { num_pending: pending, delivered } = await server.jsm.consumers.info(name, 'd');
    expect([pending, delivered.stream_seq]).toEqual([0, 30]);
    expect(delivered.consumer_seq).toBeLessThanOrEqual(34);
  });

  it('lose none to maxDeliver: 1 by orderly stops while their first handler runs', async () => {
    const name = await make(8);
    const handled: number[] = [];
    for (let round = 0; round < 3; round++) {
      let hasBegun = false;
      const stopping = await replica(name, () => ((hasBegun = true), delay(200)), { maxDeliver: 1 });
      await until(() => hasBegun, { what: 'it has begun' });
      await closeApps();
      handled.push(stopping.handled);
    }
    const last = await replica(name, () => undefined, { maxDeliver: 1 });
    await until(() => handled.reduce((sum, count) => sum + count, last.handled) >= 8, { what: 'all are handled' });
  });

  it("get what they left unsettled (ack: 'manual') again, though it fills their lanes", async () => {
    const name = await make(600);
    const only = await replica(name, () => undefined, { ackWaitMs: 1_000 }, { ack: 'manual' });
    await until(() => only.handled >= 1_200, { what: 'all have come again', timeoutMs: 20_000 });
    expect(await facts(name)).toBe(600);
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { headers, StorageType } from 'nats';
import {
  type ConcurrencyOptions,
  type HandlerOptions,
  MultiBroker,
  Payload,
  type Source,
  Subscribe,
} from '../../../../lib/index.js';
import { stream, toStream } from '../../../../lib/nats/index.js';
import { closeApps } from '../../../support/app.js';
import { KeyJournal } from '../../../support/key-journal.js';
import { PoisonJournal } from '../../../support/poison-journal.js';
import { JetStreamServer } from '../../../support/nats/jetstream-server.js';
import { uniqueName, until, whenNative } from '../../../support/real-brokers.js';
import { application, events } from '../support.js';

jest.setTimeout(60_000);

const KEYS = 200;

type Handle = (index: number) => unknown;

whenNative(describe, 'nats')('calls side by side on real NATS', () => {
  const server = new JetStreamServer();
  afterEach(closeApps);

  const keyOf = (index: number) => {
    const made = headers();
    made.set('message-key', `k${index % KEYS}`);
    return { headers: made };
  };

  async function filled(count: number): Promise<string> {
    const name = uniqueName('S');
    await server.jsm.streams.add({ name, subjects: [name], storage: StorageType.Memory });
    const js = server.nc.jetstream();
    for (let from = 0; from < count; from += 100) {
      const indices = Array.from({ length: Math.min(100, count - from) }, (_, at) => from + at);
      await Promise.all(indices.map((index) => js.publish(name, String(index), keyOf(index))));
    }
    return name;
  }

  async function replica(
    source: string | Source,
    concurrency: number | ConcurrencyOptions,
    handle: Handle,
    options: HandlerOptions = {},
  ): Promise<TestingModule> {
    @Injectable()
    class Handlers {
      @Subscribe('events', source as string, { concurrency, ...options })
      on(@Payload() index: number) {
        return handle(index);
      }
    }
    const app = await application([events({ client: { servers: server.url } })], [Handlers as Type]);
    await app.init();
    return app;
  }

  const durable = (name: string) => stream(name, { durable: 'd' });
  const isSettled = async (name: string) => {
    const { num_pending: pending, num_ack_pending: unsettled } = await server.jsm.consumers.info(name, 'd');
    return pending + unsettled === 0;
  };

  it('are 16 at once on one durable nearly all the time, one at a time for each key', async () => {
    const count = 1_600;
    const [name, journal] = [await filled(count), new KeyJournal(KEYS, 16)];
    const app = await replica(durable(name), 16, (index) => journal.handle(index));
    await until(() => journal.handled === count, { what: 'all are handled', timeoutMs: 30_000 });
    expect([journal.overtaking, journal.most]).toEqual([[], 16]);
    expect(journal.busy).toBeGreaterThan(14);
    await app.close();
    expect(await isSettled(name)).toBe(true);
  });

  it('have as many messages as they can handle, where each takes seconds', async () => {
    const [name, journal] = [await filled(48), new KeyJournal(KEYS, 1_200)];
    await replica(durable(name), 16, (index) => journal.handle(index));
    await until(() => journal.running === 16, { what: 'all of them run' });
    await until(() => journal.handled === 48, { what: 'all are handled', timeoutMs: 15_000 });
    // Three times 16 messages, and each time all of them run.
    expect(journal.most).toBe(16);
    expect(journal.full).toBeGreaterThanOrEqual(3);
  });

  it('lose nothing and keep the order of each key over a stop under load and the next start', async () => {
    const count = 3_000;
    const [name, journal] = [await filled(count), new KeyJournal(KEYS, 8)];
    for (const until_ of [500, 1_500, count]) {
      const app = await replica(durable(name), 16, (index) => journal.handle(index));
      await until(() => journal.handled >= until_, { what: `${until_} are handled`, timeoutMs: 30_000 });
      await app.close();
    }
    expect([journal.missing(count), journal.overtaking, journal.calls]).toEqual([[], [], count]);
    expect(await isSettled(name)).toBe(true);
  });

  it('lose nothing where replicas share a durable, one of which stops under load', async () => {
    const count = 3_000;
    const [name, journal] = [await filled(count), new KeyJournal(KEYS, 8)];
    const first = await replica(durable(name), 16, (index) => journal.handle(index));
    await replica(durable(name), 16, (index) => journal.handle(index));
    await until(() => journal.handled > 1_000, { what: 'both work', timeoutMs: 20_000 });
    await first.close();
    await until(() => journal.handled === count, { what: 'all are handled', timeoutMs: 30_000 });
    expect([journal.missing(count), journal.calls]).toEqual([[], count]);
    await until(() => isSettled(name), { what: 'all are settled' });
  });

  it('pass a message that fails: it delays its own key, and nobody else', async () => {
    const [count, ofKey] = [5_000, Array.from({ length: 25 }, (_, at) => 3 + at * KEYS)];
    const name = await filled(count);
    const handled: number[] = [];
    let isPoison = true;
    await replica(durable(name), 16, async (index) => {
      await delay(1);
      if (index === 3 && isPoison) throw new Error('not yet');
      handled.push(index);
    });
    await until(() => handled.length === count - ofKey.length, { what: 'the others are handled', timeoutMs: 20_000 });
    expect(handled.filter((index) => ofKey.includes(index))).toEqual([]);
    isPoison = false;
    await until(() => handled.length === count, { what: 'its key is handled', timeoutMs: 30_000 });
    expect(handled.slice(-ofKey.length)).toEqual(ofKey);
    await until(() => isSettled(name), { what: 'all are settled' });
  });

  it('let 10,000 good messages pass a poison one until it is parked, which delays its own key alone', async () => {
    const [count, poison] = [10_001, new PoisonJournal(10_001, KEYS)];
    const [name, dead] = [await filled(count), await filled(0)];
    const options = poison.parkedIn({ destination: toStream(dead) });
    const app = await replica(durable(name), 16, (index) => poison.handle(index), options);
    await until(() => poison.handled.length === count - 1, { what: 'the rest is handled', timeoutMs: 40_000 });
    expect(poison.problems).toEqual([]);
    expect(app.get(MultiBroker).get('events').health().counts).toMatchObject({ deadLettered: 1, rejected: 0 });
    await until(() => isSettled(name), { what: 'all are settled' });
    expect((await server.jsm.streams.info(dead)).state.messages).toBe(1);
  });

  it('on core NATS keep the order of each key, and a stop under load loses nothing that had arrived', async () => {
    const [subject, journal, count] = [uniqueName('core'), new KeyJournal(KEYS, 8), 2_000];
    const app = await replica(subject, 16, (index) => journal.handle(index));
    for (let index = 0; index < count; index++) server.nc.publish(subject, String(index), keyOf(index));
    await server.nc.flush();
    await until(() => journal.handled > 200, { what: 'it works' });
    await app.close();
    expect([journal.missing(count), journal.overtaking, journal.most]).toEqual([[], [], 16]);
  });
});

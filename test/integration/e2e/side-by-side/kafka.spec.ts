import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import {
  type ConcurrencyOptions,
  type HandlerOptions,
  MultiBroker,
  Payload,
  Subscribe,
} from '../../../../lib/index.js';
import { closeApps } from '../../../support/app.js';
import { KeyJournal } from '../../../support/key-journal.js';
import { PoisonJournal } from '../../../support/poison-journal.js';
import {
  committedOffsets,
  createTopic,
  produce,
  uniqueName,
  until,
  whenBrokers,
} from '../../../support/real-brokers.js';
import { application, orders } from '../support.js';

jest.setTimeout(60_000);

const KEYS = 200;

async function filled(count: number, partitions = 1): Promise<string> {
  const topic = await createTopic(uniqueName('keys'), partitions);
  const messages = Array.from({ length: count }, (_, index) => ({ key: `k${index % KEYS}`, value: String(index) }));
  await produce(topic, messages);
  return topic;
}

type Handle = (index: number) => unknown;

async function replica(
  groupId: string,
  topic: string,
  concurrency: number | ConcurrencyOptions,
  handle: Handle,
  options: HandlerOptions = {},
): Promise<TestingModule> {
  @Injectable()
  class Handlers {
    @Subscribe('orders', topic, { concurrency, ...options })
    on(@Payload() index: number) {
      return handle(index);
    }
  }
  const app = await application([orders({ groupId, consumer: { heartbeatInterval: 200 } })], [Handlers as Type]);
  await app.init();
  return app;
}

const sum = (offsets: Readonly<Record<number, number>>): number =>
  Object.values(offsets).reduce((total, offset) => total + offset, 0);

whenBrokers(describe)('calls side by side on real Kafka', () => {
  afterEach(closeApps);

  it('are 16 at once on one partition nearly all the time, one at a time for each key', async () => {
    const count = 1_600;
    const [topic, groupId, journal] = [await filled(count), uniqueName('g'), new KeyJournal(KEYS, 16)];
    const app = await replica(groupId, topic, 16, (index) => journal.handle(index));
    await until(() => journal.handled === count, { what: 'all are handled', timeoutMs: 30_000 });
    expect([journal.overtaking, journal.most]).toEqual([[], 16]);
    expect(journal.busy).toBeGreaterThan(14);
    await app.close();
    expect(sum(await committedOffsets(groupId, topic))).toBe(count);
  });

  it('let 10,000 good messages pass a poison one, which delays its own key and keeps the commit below it', async () => {
    const count = 10_001;
    const [topic, groupId] = [await filled(count), uniqueName('g')];
    const handled: number[] = [];
    let isPoison = true;
    const app = await replica(groupId, topic, 16, (index) => {
      if (index === 3 && isPoison) throw Object.assign(new Error('poison'), { retryable: false });
      handled.push(index);
    });
    const ofKey = Math.floor((count - 1 - 3) / KEYS) + 1;
    await until(() => handled.length === count - ofKey, { what: 'all other keys are handled', timeoutMs: 20_000 });
    expect(handled.filter((index) => index % KEYS === 3)).toEqual([]);
    await until(async () => sum(await committedOffsets(groupId, topic)) === 3, { what: 'all below it is committed' });
    expect(app.get(MultiBroker).get('orders').health().reasons).toEqual([expect.stringContaining('poison')]);
    isPoison = false;
    await until(() => handled.length === count, { what: 'its key is handled, too', timeoutMs: 10_000 });
    const seen = handled.filter((index) => index % KEYS === 3);
    expect(seen).toEqual(Array.from({ length: ofKey }, (_, at) => 3 + at * KEYS));
    await app.close();
    expect(sum(await committedOffsets(groupId, topic))).toBe(count);
  });

  it('let 10,000 good messages pass a poison one until it is parked, which delays its own key alone', async () => {
    const [count, poison] = [10_001, new PoisonJournal(10_001, KEYS)];
    const [topic, dead, groupId] = [await filled(count), await createTopic(uniqueName('dead'), 1), uniqueName('g')];
    const app = await replica(groupId, topic, 16, (index) => poison.handle(index), poison.parkedIn(dead));
    await until(() => poison.handled.length === count - 1, { what: 'the rest is handled', timeoutMs: 40_000 });
    expect(poison.problems).toEqual([]);
    expect(app.get(MultiBroker).get('orders').health().counts).toMatchObject({ deadLettered: 1, rejected: 0 });
    await app.close();
    expect(sum(await committedOffsets(groupId, topic))).toBe(count);
  });

  it('lose nothing and keep the order of each key while a replica joins under load and the first one stops', async () => {
    const count = 12_000;
    const [topic, groupId, journal] = [await filled(count, 4), uniqueName('g'), new KeyJournal(KEYS, 16)];
    const first = await replica(groupId, topic, 8, (index) => journal.handle(index));
    await until(() => journal.handled > 500, { what: 'the first one works' });
    let ofSecond = 0;
    const second = await replica(groupId, topic, 8, (index) => (ofSecond++, journal.handle(index)));
    await until(() => ofSecond > 300, { what: 'both work', timeoutMs: 20_000 });
    await first.close();
    expect(journal.handled).toBeLessThan(count);
    await until(() => journal.handled === count, { what: 'all are handled', timeoutMs: 30_000 });
    expect([journal.missing(count), journal.overtaking]).toEqual([[], []]);
    await second.close();
    expect(sum(await committedOffsets(groupId, topic))).toBe(count);
    // A rebalance ends the lanes of all members, and what runs then is repeated, and what passed it: at most eight calls of
    // each partition of the first one when the second joins, and of each that the second has when the first leaves, and as
    // many that were over while the oldest of them still ran.
    expect(journal.calls - count).toBeLessThanOrEqual((4 + 2) * 8 * 2);
  });

  it('are no more over all partitions than their total', async () => {
    const count = 800;
    const [topic, groupId, journal] = [await filled(count, 4), uniqueName('g'), new KeyJournal(KEYS, 8)];
    await replica(groupId, topic, { perLane: 16, total: 10 }, (index) => journal.handle(index));
    await until(() => journal.handled === count, { what: 'all are handled', timeoutMs: 20_000 });
    expect([journal.most, journal.overtaking]).toEqual([10, []]);
  });
});

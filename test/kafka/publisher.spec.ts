import { describe, expect, it } from '@jest/globals';
import { type ICustomPartitioner, Partitioners } from 'kafkajs';

import type { Clock } from '../../lib/async/index.js';
import type { Outcome, Outgoing } from '../../lib/driver/index.js';
import { partitionOfKey } from '../../lib/kafka/partitioner.js';
import { failures } from '../../lib/kafka/driver/kafkajs/failures.js';
import { Publisher } from '../../lib/kafka/driver/producer/publisher.js';
import { LeftOut } from '../../lib/kafka/record-headers.js';
import { TopicPartitions } from '../../lib/kafka/driver/producer/batch-plan.js';
import { FakeCluster, type Fault } from '../support/kafka/fake-cluster.js';

const hurried: Clock = {
  now: () => Date.now(),
  after: (_ms, then) => {
    const timer = setImmediate(then);
    return () => clearImmediate(timer);
  },
};

const leftOut = new LeftOut('orders', 'kafkajs', { warn: () => undefined });

function senderOn(cluster: FakeCluster): { publish: (batch: Outgoing[]) => Promise<Outcome[]>; sender: Publisher } {
  const topics = new TopicPartitions();
  const producer = { send: cluster.producer(topics), renew: async () => undefined, mayBePoisoned: () => false };
  const sender = new Publisher({
    broker: 'orders',
    clock: hurried,
    topics,
    producer,
    failures,
    leftOut,
    retries: 8,
    idempotent: false,
  });
  return { sender, publish: (batch) => sender.publish('topic', batch) };
}

const batch = (count: number, keyed: (index: number) => string | undefined = () => undefined): Outgoing[] =>
  Array.from({ length: count }, (_, index) => ({ body: Buffer.from(String(index)), key: keyed(index) }));

const missing = (cluster: FakeCluster, count: number): number => {
  const found = new Set(cluster.values);
  return Array.from({ length: count }, (_, index) => String(index)).filter((value) => !found.has(value)).length;
};

/** The first request to node 2 fails by a passing error; then, with `moves`, its partitions move to node 1. */
function failOnce(cluster: FakeCluster, moves: boolean): void {
  let failed = false;
  cluster.before = ({ node }): Fault | undefined => {
    if (node !== 2 || failed) return undefined;
    failed = true;
    if (moves) cluster.leaders = cluster.leaders.map(() => 1);
    return 'NOT_LEADER';
  };
}

const fixed: ICustomPartitioner =
  () =>
  ({ message }) =>
    Number(message.key) % 4;

describe("kafkajs's own retry of a batch (#1303)", () => {
  it.each<[string, ICustomPartitioner, boolean]>([
    ['regroups messages without a key', Partitioners.DefaultPartitioner, false],
    ['skips a node that has answered, when a leader moves to it', fixed, true],
  ])('loses messages and resolves: it %s', async (_why, partitioner, moves) => {
    const cluster = new FakeCluster(4);
    failOnce(cluster, moves);
    const messages = batch(101, (index) => (moves ? String(index) : undefined)).map(({ body, key }) => ({
      value: body as Buffer,
      key: (key ?? null) as string | null,
    }));
    await cluster.sender(partitioner, 5)({ topic: 'topic', messages });
    expect(missing(cluster, 101)).toBeGreaterThan(20);
  });
});

describe('a batch', () => {
  it.each([true, false])('is written as a whole over a failed attempt (leaders move: %s)', async (moves) => {
    const cluster = new FakeCluster(4);
    failOnce(cluster, moves);
    const outcomes = await senderOn(cluster).publish(batch(1_001));
    expect([missing(cluster, 1_001), outcomes.every((outcome) => 'receipt' in outcome)]).toEqual([0, true]);
  });

  it('tells for each message where it lies', async () => {
    const cluster = new FakeCluster(4);
    const outcomes = await senderOn(cluster).publish(
      batch(500, (index) => (index % 3 ? `key-${index % 17}` : undefined)),
    );
    const at = new Map(
      cluster.written.flatMap((log, partition) =>
        log.map((message, offset) => [String(message.value), `topic[${partition}]@${offset}`]),
      ),
    );
    expect(outcomes.map((outcome) => ('receipt' in outcome ? outcome.receipt.position : undefined))).toEqual(
      outcomes.map((_, index) => at.get(String(index))),
    );
  });

  it('keeps the order of each key over failed attempts', async () => {
    const cluster = new FakeCluster(4);
    let requests = 0;
    cluster.before = () => (++requests % 3 === 0 ? 'NOT_ENOUGH_REPLICAS' : undefined);
    const { publish } = senderOn(cluster);
    const first = Array.from({ length: 7_500 }, (_, index) => ({
      body: Buffer.from(String(index)),
      key: `key-${index % 10}`,
    }));
    for (let round = 0; round < 3; round++) await publish(first.slice(round * 2_500, (round + 1) * 2_500));
    const perKey = new Map<string, Set<number>>();
    // What was repeated counts where it came first.
    for (const { key, value } of cluster.written.flat()) {
      perKey.set(String(key), (perKey.get(String(key)) ?? new Set()).add(Number(value)));
    }
    const turns = [...perKey.values()].map(
      (values) => [...values].filter((value, index, all) => index > 0 && value < all[index - 1]!).length,
    );
    expect([turns, missing(cluster, 7_500)]).toEqual([turns.map(() => 0), 0]);
  });

  it.each<[string, number, Partial<Outgoing>]>([
    ['portion', 6, { body: Buffer.alloc(500_000) }],
    ['thousand', 2_500, {}],
  ])('writes no later %s of a partition whose earlier one has to be tried again', async (_what, count, more) => {
    const cluster = new FakeCluster(2);
    const { publish } = senderOn(cluster);
    await publish(batch(1, () => 'a'));
    const before = cluster.values.length;
    const partition = cluster.written.findIndex(({ length }) => length > 0);
    const other = ['b', 'c', 'd', 'e'].find((key) => partitionOfKey(key, 2) !== partition)!;
    let refused = 0;
    // Away for as long as the first portion is tried.
    cluster.before = ({ partitions }) =>
      partitions.some((one) => one.partition === partition) && refused++ < 10 ? 'NOT_ENOUGH_REPLICAS' : undefined;
    const outcomes = await publish(
      batch(count, (index) => (index === count - 1 ? other : 'a')).map((message) => ({ ...message, ...more })),
    );
    expect(cluster.written[partition]).toHaveLength(before);
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.retryable : 'written'))).toEqual([
      ...Array.from({ length: count - 1 }, () => true),
      'written',
    ]);
  });

  it('writes nothing behind a message that has to be tried again, where another one is refused for its own sake', async () => {
    const cluster = new FakeCluster(1);
    const { publish } = senderOn(cluster);
    await publish(batch(1));
    const has = (value: string) => (request: { partitions: readonly { messages: readonly { value: unknown }[] }[] }) =>
      request.partitions.some(({ messages }) => messages.some((one) => String(one.value) === value));
    // Alone, the half with 10 in it is not taken.
    cluster.before = (request) => {
      if (has('99')(request)) return 'TOO_LARGE';
      return has('10')(request) ? 'NOT_ENOUGH_REPLICAS' : undefined;
    };
    const outcomes = await publish(batch(200));
    const written = outcomes.flatMap((outcome, index) => ('receipt' in outcome ? [index] : []));
    const refused = outcomes.findIndex((outcome) => 'error' in outcome && !outcome.error.retryable);
    expect([written.filter((index) => index > 10), refused]).toEqual([[], -1]);
  });

  it('to a topic that is new writes nothing behind its first message, where that has to be tried again', async () => {
    const cluster = new FakeCluster(1);
    let refused = 0;
    cluster.before = () => (refused++ < 9 ? 'NOT_ENOUGH_REPLICAS' : undefined);
    const outcomes = await senderOn(cluster).publish(batch(5));
    expect([cluster.values, outcomes.filter((outcome) => 'error' in outcome).length]).toEqual([[], 5]);
  });

  it('of which the server refuses one message fails that one alone', async () => {
    const cluster = new FakeCluster(2);
    cluster.before = ({ partitions }) =>
      partitions.some(({ messages }) => messages.some(({ value }) => String(value) === '77')) ? 'TOO_LARGE' : undefined;
    const outcomes = await senderOn(cluster).publish(batch(200));
    const failed = outcomes.flatMap((outcome, index) =>
      'error' in outcome ? [[index, outcome.error.code, outcome.error.written]] : [],
    );
    expect([failed, missing(cluster, 200)]).toEqual([[[77, 'MULTI_BROKER_PAYLOAD_TOO_LARGE', 'no']], 1]);
  });

  it('that was refused but once answered late may have been written, and says so', async () => {
    const cluster = new FakeCluster(1);
    let first = true;
    cluster.after = () => {
      if (!first) return undefined;
      first = false;
      cluster.before = () => 'NOT_ENOUGH_REPLICAS';
      return 'TIMED_OUT';
    };
    const [outcome] = await senderOn(cluster).publish(batch(1));
    expect(outcome).toMatchObject({ error: { written: 'maybe', retryable: true } });
  });

  it('that was never taken has not been written, and says so', async () => {
    const cluster = new FakeCluster(1);
    cluster.before = () => 'NOT_ENOUGH_REPLICAS';
    const [outcome] = await senderOn(cluster).publish(batch(1));
    expect(outcome).toMatchObject({ error: { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no', retryable: true } });
  });

  it('for a partition that is gone is not taken for written, though kafkajs says so', async () => {
    const cluster = new FakeCluster(4);
    const { publish } = senderOn(cluster);
    await publish(batch(4));
    cluster.leaders = [1];
    const outcomes = await publish(batch(800));
    const lost = outcomes.filter((outcome) => 'receipt' in outcome).length - (cluster.values.length - 4);
    expect([
      lost,
      outcomes.filter((outcome) => 'error' in outcome && outcome.error.written === 'no').length > 0,
    ]).toEqual([0, true]);
  });

  it('under way when the broker closes is given up, and may have been written; later ones have not', async () => {
    const cluster = new FakeCluster(1);
    const { publish, sender } = senderOn(cluster);
    await publish(batch(1));
    cluster.before = () => {
      sender.close();
      return undefined;
    };
    const written = (outcomes: Outcome[]): unknown[] =>
      outcomes.map((outcome) => 'error' in outcome && [outcome.error.code, outcome.error.written]);
    expect([written(await publish(batch(1))), written(await publish(batch(1)))]).toEqual([
      [['MULTI_BROKER_PUBLISH_UNCONFIRMED', 'maybe']],
      [['MULTI_BROKER_NOT_CONNECTED', 'no']],
    ]);
  });

  it('is repeated once at most where it was taken, for a partition that refuses again and again', async () => {
    const cluster = new FakeCluster(4);
    const { publish } = senderOn(cluster);
    await publish(batch(4));
    let left = 5;
    cluster.before = ({ partitions }) =>
      partitions.some(({ partition }) => partition === 3) && left-- > 0 ? 'NOT_ENOUGH_REPLICAS' : undefined;
    const outcomes = await publish(batch(800));
    const times = new Map<string, number>();
    for (const value of cluster.values.filter((one) => Number(one) > 3)) times.set(value, (times.get(value) ?? 0) + 1);
    expect(outcomes.every((outcome) => 'receipt' in outcome)).toBe(true);
    expect([missing(cluster, 800), Math.max(...times.values())]).toEqual([0, 2]);
  });

  it('of an idempotent producer that may have been written makes a new one: kafkajs would give the next its sequence', async () => {
    const cluster = new FakeCluster(1);
    let renewed = 0;
    const topics = new TopicPartitions();
    const producer = {
      send: cluster.producer(topics),
      renew: async () => {
        renewed++;
      },
      mayBePoisoned: () => false,
    };
    const sender = new Publisher({
      broker: 'orders',
      clock: hurried,
      topics,
      producer,
      failures,
      leftOut,
      retries: 0,
      idempotent: true,
    });
    cluster.after = () => 'TIMED_OUT';
    const [outcome] = await sender.publish('topic', batch(1));
    cluster.after = () => undefined;
    cluster.before = () => 'NOT_LEADER';
    await sender.publish('topic', batch(1));
    expect([outcome, renewed]).toMatchObject([{ error: { written: 'maybe' } }, 1]);
  });

  it('goes as one request for each node, however many partitions', async () => {
    const cluster = new FakeCluster(8);
    const { publish } = senderOn(cluster);
    await publish(batch(1));
    const before = cluster.requests;
    await publish(batch(1_000, (index) => `key-${index}`));
    expect(cluster.requests - before).toBe(2);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))('tells the truth, whatever fails (seed %d)', async (seed) => {
    let state = seed + 1;
    const next = (below: number): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;
    const cluster = new FakeCluster(5);
    const faults: Fault[] = ['NOT_LEADER', 'NOT_ENOUGH_REPLICAS'];
    const some = (): Fault | undefined => (next(3) === 0 ? faults[next(faults.length)] : undefined);
    cluster.before = ({ partitions }) => {
      if (next(4) === 0) cluster.leaders = cluster.leaders.map(() => 1 + next(2));
      const poison = partitions.some(({ messages }) => messages.some(({ value }) => String(value) === '13'));
      return poison ? 'TOO_LARGE' : some();
    };
    cluster.after = () => (next(8) === 0 ? 'TIMED_OUT' : undefined);
    const outcomes = await senderOn(cluster).publish(batch(300, (index) => (next(2) ? `key-${index}` : undefined)));
    const found = new Set(cluster.values);
    const lies = outcomes.flatMap((outcome, index) => {
      const there = found.has(String(index));
      if ('receipt' in outcome) return there ? [] : [`${index} was confirmed and is not there`];
      return outcome.error.written === 'no' && there ? [`${index} is there and was not written`] : [];
    });
    expect([outcomes.length, lies]).toEqual([300, []]);
  });
});

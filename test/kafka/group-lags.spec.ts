import { describe, expect, it } from '@jest/globals';
import { GroupLags } from '../../lib/kafka/driver/consumer/group-lags.js';
import type { Client, MakeClient } from '../../lib/kafka/driver/client/client-port.js';
import type { KafkaSourceSpec } from '../../lib/kafka/source-spec.js';
import { TopicPattern } from '../../lib/kafka/topic-pattern.js';
import { turns } from '../support/turns.js';

const never = new AbortController().signal;

const source = (topic: string | RegExp, groupId = 'g'): KafkaSourceSpec =>
  ({ kind: 'kafka', topic: typeof topic === 'string' ? topic : new TopicPattern(topic), groupId }) as KafkaSourceSpec;

/** A cluster of one partition for each topic: `[low, high]`, and the committed offset of every group. */
function cluster(topics: Record<string, { low: number; high: number; committed: number }>) {
  const state = { clients: 0, killed: 0, answers: true };
  const calls: string[] = [];
  const unknown = (): never => {
    throw new Error('This server does not host this topic-partition');
  };
  const admin = {
    connect: () => (state.answers ? Promise.resolve() : new Promise(() => undefined)),
    close: () => Promise.resolve(),
    listTopics: async () => Object.keys(topics),
    committed: async (groupId: string, asked: readonly string[]) => {
      calls.push(`committed ${groupId} ${asked.join()}`);
      return asked.map((topic) => ({ topic, partition: 0, offset: topics[topic]?.committed ?? -1 }));
    },
    bounds: async (topic: string) => {
      calls.push(`ends ${topic}`);
      const { low, high } = topics[topic] ?? unknown();
      return [{ partition: 0, oldest: low, end: high }];
    },
  };
  const makeClient = (() => {
    state.clients++;
    return { admin: () => admin, kill: () => (state.killed += 1) } as unknown as Client;
  }) as MakeClient;
  return { lags: new GroupLags(makeClient), state, calls };
}

describe('the lag of a group', () => {
  it('is the end offset less the committed one', async () => {
    const { lags } = cluster({ a: { low: 0, high: 10, committed: 4 } });
    expect(await lags.of(source('a'), never)).toBe(6);
  });

  it('counts from the oldest offset where nothing is committed, or where retention has passed the commit', async () => {
    const { lags } = cluster({ a: { low: 3, high: 10, committed: -1 }, b: { low: 8, high: 10, committed: 4 } });
    expect(await lags.of(source('a'), never)).toBe(7);
    expect(await lags.of(source('b'), never)).toBe(2);
  });

  it('is never below 0, as where a topic was created again', async () => {
    const { lags } = cluster({ a: { low: 0, high: 2, committed: 9 } });
    expect(await lags.of(source('a'), never)).toBe(0);
  });

  it('of a RegExp is that of all topics that match, internal ones left out', async () => {
    const { lags } = cluster({
      'shop.a': { low: 0, high: 3, committed: 0 },
      'shop.b': { low: 0, high: 4, committed: 0 },
      other: { low: 0, high: 100, committed: 0 },
      '__shop.c': { low: 0, high: 100, committed: 0 },
    });
    expect(await lags.of(source(/shop\./), never)).toBe(7);
  });

  it('asked for several handlers in one turn takes one connection, which is closed, and asks for an end once', async () => {
    const { lags, state, calls } = cluster({ a: { low: 0, high: 10, committed: 4 } });
    const both = [lags.of(source('a', 'one'), never), lags.of(source('a', 'two'), never)];
    expect(await Promise.all(both)).toEqual([6, 6]);
    await turns();
    expect(state).toMatchObject({ clients: 1, killed: 1 });
    expect(calls).toEqual(['committed one a', 'ends a', 'committed two a']);
  });

  it('of a topic that is gone rejects, and no other does', async () => {
    const { lags } = cluster({ a: { low: 0, high: 10, committed: 4 } });
    const [gone, there] = await Promise.allSettled([lags.of(source('gone'), never), lags.of(source('a'), never)]);
    expect([gone.status, there]).toEqual(['rejected', { status: 'fulfilled', value: 6 }]);
  });

  it('rejects with the reason of its signal where the cluster does not answer, and the connection is cut', async () => {
    const { lags, state } = cluster({ a: { low: 0, high: 10, committed: 4 } });
    state.answers = false;
    const given = new AbortController();
    const asked = lags.of(source('a'), given.signal);
    setImmediate(() => given.abort(new Error('late')));
    await expect(asked).rejects.toThrow('late');
    expect(state.killed).toBe(1);
  });
});

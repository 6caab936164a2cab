import { describe, expect, it } from '@jest/globals';
import { batchRig } from '../../support/batch-rig.js';
import { open } from '../../support/delivery-rig.js';
import { messages } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

const none = { redelivery: 'none', backpressure: false } as const;

describe('without maxWaitMs', () => {
  it('a call takes what is there, and the next one what came meanwhile', async () => {
    const first = open();
    const { rig, batches } = batchRig({ batch: { maxSize: 3 }, handle: () => first.promise.then(() => undefined) });
    void rig.take(...messages('a'));
    void rig.take(...messages('b'));
    await turns();
    for (const body of ['c', 'd', 'e', 'f']) void rig.take(...messages(body));
    first.resolve();
    await turns();
    expect(batches).toEqual([['a', 'b'], ['c', 'd', 'e'], ['f']]);
    expect(rig.lane.fates).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((body) => `${body} ack`));
  });
});

describe('with maxWaitMs', () => {
  const batch = { maxSize: 3, maxWaitMs: 1_000 };

  it('a call waits for maxSize messages', async () => {
    const { rig, batches } = batchRig({ batch });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(batches).toEqual([]);
    void rig.take(...messages('c', 'd'));
    await turns();
    expect(batches).toEqual([['a', 'b', 'c']]);
  });

  it('a call waits no longer than maxWaitMs from the arrival of its first message, by the clock of the brokers', async () => {
    const { rig, batches } = batchRig({ batch });
    void rig.take(...messages('a'));
    await turns();
    rig.clock.advance(900);
    void rig.take(...messages('b'));
    await turns();
    expect([batches, rig.sink.moving]).toEqual([[], 0]);
    rig.clock.advance(100);
    await turns();
    expect(batches).toEqual([['a', 'b']]);
  });

  it('messages that waited that long behind a running call wait no further', async () => {
    const first = open();
    const { rig, batches } = batchRig({ batch, handle: () => first.promise.then(() => undefined) });
    void rig.take(...messages('a', 'b', 'c', 'd'));
    await turns();
    rig.clock.advance(1_000);
    first.resolve();
    await turns();
    expect(batches).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('a pause ends the wait, and a resume begins it again', async () => {
    const { rig, batches } = batchRig({ batch });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.pause();
    await turns();
    rig.clock.advance(1_000);
    await turns();
    expect([batches, rig.clock.pending()]).toEqual([[], []]);
    rig.sink.resume();
    await turns();
    expect(batches).toEqual([['a']]);
  });

  it('a stop ends the wait: what is not redelivered is handled at once, anything else is not', async () => {
    const { rig, batches } = batchRig({ batch, lane: none });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.stopCalling();
    await rig.sink.drained();
    expect([batches, rig.lane.fates]).toEqual([[['a']], ['a ack']]);
    const kept = batchRig({ batch });
    void kept.rig.take(...messages('a'));
    await turns();
    kept.rig.sink.stopCalling();
    await kept.rig.sink.drained();
    expect([kept.batches, kept.rig.lane.fates, kept.rig.clock.pending()]).toEqual([[], [], []]);
  });

  it('a lost lane ends the wait, and nothing is handled', async () => {
    const { rig, batches } = batchRig({ batch });
    void rig.take(...messages('a'));
    await turns();
    rig.lane.lose();
    rig.clock.advance(1_000);
    await turns();
    expect([batches, rig.lane.fates, rig.clock.pending()]).toEqual([[], [], []]);
  });
});

describe('with maxBytes', () => {
  it('a call takes no more bytes than that, and a larger message by itself', async () => {
    const { rig, batches } = batchRig({ batch: { maxSize: 10, maxBytes: 4 } });
    void rig.take(...messages('aa', 'bb', 'c', 'dddddd', 'e', 'ff'));
    await turns();
    expect(batches).toEqual([['aa', 'bb'], ['c'], ['dddddd'], ['e', 'ff']]);
  });

  it('a call does not wait once there are enough bytes', async () => {
    const { rig, batches } = batchRig({ batch: { maxSize: 10, maxBytes: 4, maxWaitMs: 1_000 } });
    void rig.take(...messages('aa'));
    await turns();
    expect(batches).toEqual([]);
    void rig.take(...messages('bb'));
    await turns();
    expect(batches).toEqual([['aa', 'bb']]);
  });
});

it('a batch may be larger than the share of its lane in what may be unsettled', async () => {
  const { rig, batches } = batchRig({ batch: { maxSize: 300 } });
  for (let lane = 1; lane < 40; lane++) rig.open({ name: `in[${String(lane)}]` });
  void rig.take(...messages(...Array.from({ length: 300 }, (_, index) => String(index))));
  await turns();
  expect(batches.map(({ length }) => length)).toEqual([300]);
});

describe('where the server gives messages to the replica that asks for them', () => {
  const lane = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 1_000 } as const;

  it('a batch asks for as many messages as it takes', () => {
    const { rig } = batchRig({ batch: { maxSize: 100 }, lane });
    void rig.take();
    rig.sink.resume();
    expect(rig.lane.demanded.at(-1)).toBe(100);
  });

  it('messages that wait for others have their leases extended, and are not given back', async () => {
    const { rig, batches } = batchRig({ batch: { maxSize: 100, maxWaitMs: 60_000 }, lane });
    void rig.take(...messages('a', 'b'));
    await turns();
    for (let look = 0; look < 5; look++) rig.clock.advance(10_000);
    expect([rig.lane.extended.slice(0, 4), rig.lane.fates]).toEqual([['a', 'b', 'a', 'b'], []]);
    rig.clock.advance(10_000);
    await turns();
    expect([batches, rig.lane.fates]).toEqual([[['a', 'b']], ['a ack', 'b ack']]);
  });

  it('all messages of a running batch have their leases extended', async () => {
    const running = open();
    const { rig } = batchRig({ batch: { maxSize: 2 }, lane, handle: () => running.promise.then(() => undefined) });
    void rig.take(...messages('a', 'b'));
    await turns();
    rig.clock.advance(10_000);
    expect(rig.lane.extended).toEqual(['a', 'b']);
    running.resolve();
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
  });

  it('a pause gives back what waits', async () => {
    const { rig } = batchRig({ batch: { maxSize: 100, maxWaitMs: 60_000 }, lane });
    void rig.take(...messages('a', 'b'));
    await turns();
    rig.sink.pause();
    await turns();
    expect(rig.lane.settled).toEqual(['a', 'b'].map((position) => ({ position, how: { redeliverInMs: 0 } })));
  });
});

import { describe, expect, it } from '@jest/globals';
import type { DeliveredBatch } from '../../../lib/delivery/index.js';
import { outgoing } from '../../../lib/driver/index.js';
import { batchRig } from '../../support/batch-rig.js';
import { open } from '../../support/delivery-rig.js';
import { messages } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

const batch = { maxSize: 10 };
const server = { redelivery: 'server' } as const;

describe('a batch that its handler settles', () => {
  it('settles message by message, or what is left without an index', async () => {
    const { rig } = batchRig({
      batch,
      lane: server,
      binding: { ack: 'manual' },
      handle: (_bodies, context) => {
        context.ack(1);
        context.nack(2, { delayMs: 5_000 });
        context.reject(3, 'old');
        context.ack();
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b', 'c', 'd', 'e'));
    await turns();
    expect(rig.lane.settled.map(({ position, how }) => [position, how])).toEqual([
      ['b', 'ack'],
      ['c', { redeliverInMs: 5_000 }],
      ['d', 'reject'],
      ['a', 'ack'],
      ['e', 'ack'],
    ]);
  });

  it('nacks or rejects all of it by a call without an index', async () => {
    const { rig } = batchRig({
      batch: { maxSize: 1 },
      lane: server,
      binding: { ack: 'manual' },
      handle: ([body], context) => {
        if (body === 'a') context.nack({ delayMs: 7 });
        else context.reject('old');
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.settled.map(({ how }) => how)).toEqual([{ redeliverInMs: 7 }, 'reject']);
    expect(rig.log.lines).toEqual([expect.stringContaining('old')]);
  });

  it('may do so after the handler has ended', async () => {
    let kept: DeliveredBatch | undefined;
    const { rig } = batchRig({
      batch,
      binding: { ack: 'manual' },
      handle: (_bodies, context) => {
        kept = context;
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.fates).toEqual([]);
    kept?.ack();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
    expect(() => kept?.ack(0)).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_SETTLEMENT' }));
  });

  it('cannot settle a message that is not there', async () => {
    let thrown: unknown;
    const { rig } = batchRig({
      batch,
      handle: (_bodies, context) => {
        try {
          context.ack(2);
        } catch (error) {
          thrown = error;
        }
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(thrown).toMatchObject({ code: 'MULTI_BROKER_SETTLEMENT', message: expect.stringContaining('no message 2') });
  });

  it('has a nacked message of a partition called again alone, before any other; its first result is not published', async () => {
    const { rig, batches } = batchRig({
      batch,
      binding: { routes: [{ broker: 'out', destination: 'q' }] },
      handle: (bodies, context) => {
        if (bodies.length > 1) context.nack(0, { delayMs: 500 });
        return bodies.map((body) => outgoing(`from ${body}`));
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    void rig.take(...messages('c'));
    await turns();
    expect([batches, rig.lane.fates]).toEqual([[['a', 'b']], ['b ack']]);
    rig.clock.advance(500);
    await turns();
    expect(batches).toEqual([['a', 'b'], ['a'], ['c']]);
    expect(rig.drivers.out.writes.flatMap(({ bodies }) => bodies)).toEqual(['from b', 'from a', 'from c']);
  });

  it('is not called again for what was settled before it threw', async () => {
    const { rig, batches } = batchRig({
      batch,
      binding: { ack: 'reject-on-error', retry: { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 } },
      handle: (bodies, context) => {
        if (bodies.length === 3) {
          context.ack(0);
          throw new Error('no');
        }
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    expect(batches).toEqual([['a', 'b', 'c'], ['b']]);
    expect(rig.lane.fates).toEqual(['a ack', 'b ack', 'c reject']);
  });
});

describe('a batch with ack-first', () => {
  it('is acked as a whole before its first call', async () => {
    const running = open();
    const { rig } = batchRig({
      batch,
      binding: { ack: 'ack-first' },
      handle: () => running.promise.then(() => undefined),
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
    running.resolve();
    await turns();
  });
});

describe('a batch whose lane is lost', () => {
  it('settles nothing; its signal aborts, and no part of it is called again', async () => {
    const running = open();
    let signal: AbortSignal | undefined;
    const { rig, batches } = batchRig({
      batch,
      handle: async (_bodies, context) => {
        ({ signal } = context);
        await running.promise;
        throw new Error('aborted');
      },
    });
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    rig.lane.lose();
    expect(signal?.aborted).toBe(true);
    running.resolve();
    await rig.sink.drained();
    expect([batches.length, rig.lane.fates]).toEqual([1, []]);
  });
});

describe('a batch that is stopped', () => {
  it('ends its running call; what would be called again is left to the next reader', async () => {
    const running = open();
    const { rig, batches } = batchRig({
      batch,
      handle: async () => {
        await running.promise;
        throw new Error('no');
      },
    });
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    rig.sink.stopCalling();
    running.resolve();
    await rig.sink.drained();
    expect([batches.length, rig.lane.fates]).toEqual([1, []]);
    expect(rig.lane.left.map(({ position }) => position)).toEqual(['a', 'b', 'c']);
  });

  it('while it is paused is given back, where the server redelivers', async () => {
    const running = open();
    const { rig } = batchRig({
      batch,
      lane: server,
      handle: async () => {
        await running.promise;
        throw new Error('no');
      },
    });
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    rig.sink.pause();
    running.resolve();
    await turns();
    expect(rig.lane.settled.map(({ how }) => how)).toEqual(Array(3).fill({ redeliverInMs: 0 }));
  });
});

describe('a batch with maxProcessingMs', () => {
  it('is cut after that time for the whole call, once', async () => {
    const running = open();
    let signal: AbortSignal | undefined;
    const { rig } = batchRig({
      batch,
      binding: { maxProcessingMs: 1_000 },
      handle: async (_bodies, context) => {
        ({ signal } = context);
        await running.promise;
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    await turns();
    rig.clock.advance(1_000);
    expect(signal?.reason).toMatchObject({ code: 'MULTI_BROKER_PROCESSING_TIMEOUT' });
    expect(rig.log.lines).toHaveLength(1);
    running.resolve();
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
  });
});

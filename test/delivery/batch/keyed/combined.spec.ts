import { describe, expect, it } from '@jest/globals';
import type { DeliveredBatch } from '../../../../lib/delivery/index.js';
import { batchRig } from '../../../support/batch-rig.js';
import { FakeMessage } from '../../../support/fake-lane.js';
import { openBatches } from '../../../support/keyed-batches.js';
import { keyed, sideBySide } from '../../../support/side-by-side.js';
import { turns } from '../../../support/turns.js';

const server = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 1_000 } as const;

describe("batches side by side and ack: 'manual'", () => {
  it('settle single messages in any order; keys go on when the handler is over', async () => {
    const contexts: DeliveredBatch[] = [];
    const { rig, batches } = batchRig({
      batch: { maxSize: 2 },
      binding: { sideBySide: sideBySide(2), ack: 'manual' },
      handle: (_bodies, context) => void contexts.push(context),
    });
    void rig.take(...keyed('a1', 'b1', 'a2'));
    await turns();
    expect([batches, rig.lane.fates]).toEqual([[['a1', 'a2'], ['b1']], []]);
    contexts[0]?.ack(1);
    contexts[1]?.reject();
    contexts[0]?.ack();
    expect(rig.lane.fates).toEqual(['a2 ack', 'b1 reject', 'a1 ack']);
  });

  it('are called again after a nack, the key held and others not', async () => {
    const { rig, batches } = batchRig({
      batch: { maxSize: 3 },
      binding: { sideBySide: sideBySide(2), ack: 'manual' },
      handle: (bodies, context) => {
        if (bodies[0] === 'a1' && context.messages[0]?.attempt === 1) context.nack(0, { delayMs: 500 });
        context.ack();
        return undefined;
      },
    });
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    void rig.take(...keyed('a2', 'b2'));
    await turns();
    expect(batches).toEqual([['a1', 'b1'], ['b2']]);
    rig.clock.advance(500);
    await turns();
    expect(batches.slice(2)).toEqual([['a1'], ['a2']]);
    expect(rig.lane.settled).toHaveLength(4);
  });
});

describe('batches side by side and a pause', () => {
  it('end, and no further one begins; on Kafka retries wait for the resume', async () => {
    const { rig, made, end, fail } = openBatches({ batch: { maxSize: 1 }, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    rig.sink.pause();
    end('a1');
    fail('b1');
    await turns();
    rig.clock.advance(100);
    await turns();
    expect([made, rig.lane.fates]).toEqual([['a1', 'b1'], ['a1 ack']]);
    rig.sink.resume();
    await turns();
    expect(made.slice(2).sort()).toEqual(['b1', 'c1']);
  });

  it('return to a server what waits for a call, for others, for a batch of its key or for the search', async () => {
    const { rig, fail } = openBatches({
      lane: server,
      batch: { maxSize: 4, maxWaitMs: 50 },
      binding: { sideBySide: sideBySide(2) },
    });
    void rig.take(...keyed('a1', 'b1', 'a2', 'c1'));
    await turns();
    void rig.take(...keyed('a3', 'd1'));
    await turns();
    rig.sink.pause();
    expect(rig.lane.fates.sort()).toEqual(['a3 0', 'd1 0']);
    fail('a1 b1 a2 c1');
    await turns();
    expect(rig.lane.settled).toHaveLength(6);
    expect(rig.lane.fates.every((fate) => !fate.endsWith('ack'))).toBe(true);
  });
});

describe('batches side by side and a stop', () => {
  it('end and are settled; what waits is left, and so is what waits for a retry or behind it', async () => {
    const { rig, made, end, fail } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(3) } });
    void rig.take(...keyed('a1', 'a2', 'b1', 'b2', 'a3', 'd1'));
    await turns();
    expect(made).toEqual(['a1 a2', 'b1 b2', 'd1']);
    fail('a1 a2');
    await turns();
    fail('a1');
    await turns();
    rig.sink.stopCalling();
    const drained = rig.sink.drained();
    end('b1 b2');
    end('d1');
    await drained;
    expect(rig.lane.fates).toEqual(['b1 ack', 'b2 ack', 'd1 ack']);
    expect(rig.counts.running).toBe(0);
  });

  it('are abandoned and named once the time is over, and settle nothing any more', async () => {
    const { rig, end } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    rig.sink.stopCalling();
    expect(rig.sink.abandon()).toEqual(['Orders.on (a1)', 'Orders.on (b1)', 'Orders.on (c1)']);
    end('a1 b1');
    end('c1');
    await turns();
    expect(rig.lane.fates).toEqual([]);
  });
});

it('batches side by side of a lane that was lost settle nothing, and begin nothing more', async () => {
  const { rig, made, end, fail } = openBatches({ batch: { maxSize: 2 }, binding: { sideBySide: sideBySide(2) } });
  void rig.take(...keyed('a1', 'b1', 'c1', 'd1', 'e1'));
  await turns();
  rig.lane.lose();
  end('a1 b1');
  fail('c1 d1');
  await turns();
  expect([made.length, rig.lane.fates, rig.counts.running, rig.sink.taken]).toEqual([2, [], 0, 0]);
});

describe('batches side by side where the server gives messages to the replica that asks for them', () => {
  const options = { lane: server, batch: { maxSize: 10, maxWaitMs: 60_000 }, binding: { sideBySide: sideBySide(3) } };

  it('ask for as many messages as all of them take', () => {
    const { rig } = openBatches(options);
    void rig.take();
    rig.sink.resume();
    expect(rig.lane.demanded.at(-1)).toBe(30);
  });

  it('keep what waits for others or behind its key, and extend it, and what runs', async () => {
    const { rig, made } = openBatches(options);
    const bodies = Array.from({ length: 10 }, (_, index) => `a${index}`);
    void rig.take(...keyed(...bodies));
    await turns();
    void rig.take(...keyed('a10', 'b1'));
    await turns();
    expect(made).toEqual([bodies.join(' ')]);
    for (let look = 0; look < 4; look++) rig.clock.advance(10_000);
    expect(new Set(rig.lane.extended)).toEqual(new Set([...bodies, 'a10', 'b1']));
    expect(rig.lane.fates).toEqual([]);
  });

  it('give back what waits for a free call', async () => {
    const { rig, made } = openBatches({ ...options, batch: { maxSize: 1 } });
    void rig.take(...keyed('a1', 'b1', 'c1', 'd1', 'a2'));
    await turns();
    expect(made).toEqual(['a1', 'b1', 'c1']);
    for (let look = 0; look < 3; look++) rig.clock.advance(10_000);
    expect(rig.lane.fates).toEqual(['d1 0']);
    expect(rig.lane.extended).toContain('a2');
  });

  it('handle a message that comes again in its place', async () => {
    const { rig, batches } = batchRig({
      ...options,
      batch: { maxSize: 10 },
      binding: { sideBySide: sideBySide(2), ack: 'manual' },
    });
    void rig.take(...keyed('a1'));
    await turns();
    void rig.take(new FakeMessage({ body: 'a1', key: 'a', deliveryCount: 2 }));
    await turns();
    expect([batches, rig.sink.taken]).toEqual([[['a1'], ['a1']], 1]);
  });
});

it('batches side by side have maxProcessingMs of their own each', async () => {
  const contexts: DeliveredBatch[] = [];
  const { rig } = batchRig({
    batch: { maxSize: 2 },
    binding: { sideBySide: sideBySide(2), maxProcessingMs: 1_000 },
    handle: (_bodies, context) => {
      contexts.push(context);
      return new Promise(() => undefined);
    },
  });
  void rig.take(...keyed('a1', 'b1'));
  await turns();
  rig.clock.advance(600);
  void rig.take(...keyed('c1', 'd1'));
  await turns();
  const signals = contexts.map(({ signal }) => signal);
  rig.clock.advance(600);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

it("batches side by side with ack: 'ack-first' are acknowledged as they begin, those behind a key are not", async () => {
  const { rig, made } = openBatches({
    batch: { maxSize: 2 },
    binding: { sideBySide: sideBySide(2), ack: 'ack-first' },
  });
  void rig.take(...keyed('a1', 'b1', 'c1'));
  await turns();
  void rig.take(...keyed('a2'));
  await turns();
  expect([made, rig.lane.fates]).toEqual([
    ['a1 b1', 'c1'],
    ['a1 ack', 'b1 ack', 'c1 ack'],
  ]);
});

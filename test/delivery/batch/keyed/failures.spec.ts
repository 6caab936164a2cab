import { describe, expect, it } from '@jest/globals';
import type { BatchResult } from '../../../../lib/delivery/index.js';
import { outgoing } from '../../../../lib/driver/index.js';
import { batchRig } from '../../../support/batch-rig.js';
import { confirmed, refused } from '../../../support/fake-driver.js';
import { openBatches } from '../../../support/keyed-batches.js';
import { keyed, sideBySide } from '../../../support/side-by-side.js';
import { turns } from '../../../support/turns.js';

const batch = { maxSize: 10 };
const once = { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };
const binding = { sideBySide: sideBySide(2), retry: once };

/** Fails for each batch with one of these. */
const poisoned = (poison: Set<string>) => (bodies: readonly string[]) => {
  if (bodies.some((body) => poison.has(body))) throw new Error('poison');
  return undefined;
};

describe('of batches side by side, a message that fails', () => {
  it('is found by halving, and then holds its own key alone: other keys go on, and come back to it', async () => {
    const poison = new Set(['b1']);
    const { rig, batches } = batchRig({ batch, binding, handle: poisoned(poison) });
    void rig.take(...keyed('a1', 'b1', 'c1', 'b2', 'd1', 'b3', 'c2'));
    await turns();
    void rig.take(...keyed('a2', 'b4'));
    await turns();
    expect(rig.lane.settled.map(({ position }) => position)).toEqual(['a1', 'c1', 'd1', 'c2', 'a2']);
    poison.clear();
    rig.clock.advance(1_000);
    await turns();
    expect(batches.slice(-3)).toEqual([['b1'], ['b2', 'b3'], ['b4']]);
    expect(rig.lane.settled).toHaveLength(9);
  });

  it('does not delay the search for others, each of which holds its own key', async () => {
    const poison = new Set(['a1', 'c1', 'd1']);
    const { rig } = batchRig({ batch, binding, handle: poisoned(poison) });
    void rig.take(...keyed('a1', 'b1', 'c1', 'd1', 'e1', 'c2'));
    await turns();
    expect(rig.lane.fates).toEqual(['b1 ack', 'e1 ack']);
    poison.delete('c1');
    rig.clock.advance(1_000);
    await turns();
    expect(rig.lane.fates.slice(2)).toEqual(['c1 ack', 'c2 ack']);
  });

  it('takes up no call while it waits, and gets one before new batches', async () => {
    const { rig, made, end, fail } = openBatches({
      batch: { maxSize: 2 },
      binding: { sideBySide: sideBySide(1), retry: { ...once, attempts: 2 } },
    });
    void rig.take(...keyed('a1'));
    await turns();
    void rig.take(...keyed('b1', 'c1', 'd1', 'e1'));
    fail('a1');
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(made).toEqual(['a1', 'b1 c1']);
    end('b1 c1');
    await turns();
    expect(made).toEqual(['a1', 'b1 c1', 'a1']);
  });

  it('holds its own key on a server that redelivers, too; without a key it goes back', async () => {
    const poison = new Set(['a1', '-1']);
    const { rig, batches } = batchRig({
      batch,
      binding,
      lane: { redelivery: 'server' },
      handle: poisoned(poison),
    });
    void rig.take(...keyed('a1', 'b1', 'a2', '-1', '-2'));
    await turns();
    void rig.take(...keyed('a3', 'b2'));
    await turns();
    expect(rig.lane.fates.sort()).toEqual(['-1 1000', '-2 ack', 'b1 ack', 'b2 ack']);
    poison.clear();
    rig.clock.advance(1_000);
    await turns();
    expect(batches.slice(-3)).toEqual([['a1'], ['a2'], ['a3']]);
    expect(rig.lane.fates.slice(4)).toEqual(['a1 ack', 'a2 ack', 'a3 ack']);
  });

  it('lets its key go on once it is given up', async () => {
    const { rig } = batchRig({
      batch,
      binding: { ...binding, ack: 'reject-on-error' },
      lane: { redelivery: 'server' },
      handle: poisoned(new Set(['a1'])),
    });
    void rig.take(...keyed('a1', 'a2', 'b1'));
    await turns();
    expect(rig.lane.fates.sort()).toEqual(['a1 reject', 'a2 ack', 'b1 ack']);
  });

  it('of those that the handler has named is retried together with them; what is given up then holds its own key', async () => {
    const bad = new Set(['a1', 'b1']);
    const calls: string[] = [];
    const handle = async (contexts: readonly { body: Uint8Array | null }[]): Promise<BatchResult> => {
      const bodies = contexts.map(({ body }) => String(Buffer.from(body ?? [])));
      calls.push(bodies.join(' '));
      const places = bodies.flatMap((body, place) => (bad.has(body) ? [place] : []));
      return { ofEach: [], failures: new Map(places.map((place) => [place, new Error('bad')])) };
    };
    const { rig } = batchRig({
      batch: { ...batch, handle },
      binding: { sideBySide: sideBySide(2), retry: { ...once, attempts: 2 } },
    });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    void rig.take(...keyed('a2', 'b2', 'c2'));
    await turns();
    expect(calls).toEqual(['a1 b1 c1', 'c2']);
    bad.delete('b1');
    rig.clock.advance(100);
    await turns();
    expect(calls.slice(2)).toEqual(['a1 b1', 'b2']);
    bad.clear();
    rig.clock.advance(1_000);
    await turns();
    expect(calls.slice(4)).toEqual(['a1', 'a2']);
    expect(rig.lane.settled).toHaveLength(6);
  });

  it('by its result, which cannot be published, holds its own key', async () => {
    const { rig } = batchRig({
      batch,
      binding: { ...binding, routes: [{ broker: 'out', destination: 'q' }] },
      handle: (bodies) => bodies.map((body) => outgoing(body)),
    });
    rig.drivers.out.outcome = ({ body }) => (String(Buffer.from(body ?? [])) === 'a1' ? refused(false) : confirmed);
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    void rig.take(...keyed('a2', 'b2'));
    await turns();
    expect(rig.lane.settled.map(({ position }) => position)).toEqual(['b1', 'b2']);
  });

  it('before its call (undecodable, refused by a schema) holds its own key, and passes none that is called before it', async () => {
    const prepare = ({ body }: { body: Uint8Array | null }): void => {
      if (String(Buffer.from(body ?? [])).endsWith('!'))
        throw Object.assign(new Error('no JSON'), { retryable: false });
    };
    const { rig, batches } = batchRig({ batch: { ...batch, prepare }, binding, handle: poisoned(new Set(['b1'])) });
    void rig.take(...keyed('a1!', 'b1', 'b2!', 'c1'));
    await turns();
    expect(rig.lane.fates).toEqual(['c1 ack']);
    expect(rig.log.lines.filter((line) => line.includes('b2!'))).toEqual([]);
    expect(batches).toEqual([['b1', 'c1'], ['b1'], ['b1'], ['c1']]);
  });
});

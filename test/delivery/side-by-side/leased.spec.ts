import { describe, expect, it } from '@jest/globals';
import { Rig } from '../../support/delivery-rig.js';
import { FakeMessage } from '../../support/fake-lane.js';
import { keyed, openCalls, sideBySide } from '../../support/side-by-side.js';
import { turns } from '../../support/turns.js';

const lane = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 250 } as const;
const THIRD_MS = 10_000;

describe('what is asked for, for calls side by side', () => {
  it('is one message for each of them, before their pace is known', () => {
    const { rig } = openCalls({ lane, binding: { sideBySide: sideBySide(16) } });
    expect(rig.lane.demanded).toEqual([16]);
  });

  it('is as many as can begin, where nothing may wait', async () => {
    const { rig } = openCalls({ lane: { ...lane, maxPrefetch: 0 }, binding: { sideBySide: sideBySide(4) } });
    void rig.take(...keyed('a1'));
    await turns();
    expect(rig.lane.demanded.at(-1)).toBe(3);
  });

  it('keeps slow handlers busy, and little ahead of them', async () => {
    const took = 400;
    const rig: Rig = new Rig({
      lane,
      binding: { sideBySide: sideBySide(16) },
      handle: async () => {
        await new Promise<void>((resolve) => void rig.clock.after(took, resolve));
        return undefined;
      },
    });
    let given = 0;
    for (let round = 0; round < 40; round++) {
      const wanted = rig.lane.demanded.at(-1) ?? 0;
      const waiting = given - rig.calls.length;
      const batch = Array.from({ length: Math.max(0, wanted - waiting) }, (_, at) => String(given + at));
      given += batch.length;
      void rig.take(...batch.map((body) => new FakeMessage({ body, key: body })));
      await turns(3);
      if (round > 2) expect(rig.counts.running).toBe(16);
      rig.clock.next();
      await turns(3);
    }
    // 16 calls of 400 ms are one each 25 ms: 8 are a fifth of a second's work.
    expect(rig.lane.demanded.at(-1)).toBeLessThanOrEqual(16);
  });

  it('is more where all that came waits for one key, up to what may wait', async () => {
    const { rig } = openCalls({ lane, binding: { sideBySide: sideBySide(4) } });
    const ofKey = (count: number) =>
      Array.from({ length: count }, (_, at) => new FakeMessage({ key: 'k', body: `${at}` }));
    void rig.take(...ofKey(4));
    await turns();
    expect(rig.lane.demanded.at(-1)).toBe(3);
    const asked = rig.lane.demanded.length;
    void rig.take(...ofKey(300));
    await turns();
    expect(rig.lane.demanded).toHaveLength(asked);
  });
});

describe('the lease of a message that waits', () => {
  it('for a call of its own key is extended, as no other replica may have it before', async () => {
    const { rig } = openCalls({ lane, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'a2', 'a3'));
    await turns();
    for (let third = 0; third < 6; third++) rig.clock.advance(THIRD_MS);
    expect(new Set(rig.lane.extended)).toEqual(new Set(['a1', 'a2', 'a3']));
    expect(rig.lane.fates).toEqual([]);
    expect(rig.healthIssues.list()).toEqual([]);
  });

  it('for any free call is not, and it is returned after a third of it', async () => {
    const { rig, calls } = openCalls({ lane, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'a2', 'c1', '-1'));
    await turns();
    rig.clock.advance(THIRD_MS);
    rig.clock.advance(THIRD_MS);
    expect(rig.lane.fates.sort()).toEqual(['-1 0', 'c1 0']);
    expect(rig.lane.demanded.at(-1)).toBe(0);
    calls.get('a1')?.resolve();
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'a2']);
    calls.get('b1')?.resolve();
    await turns();
    expect(rig.lane.demanded.at(-1)).toBeGreaterThan(0);
  });

  it('is no reason to stop reading where one call hangs: the others have their messages', async () => {
    const { rig, calls } = openCalls({ lane, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'a2'));
    await turns();
    for (let third = 0; third < 9; third++) {
      rig.clock.advance(THIRD_MS);
      expect(rig.lane.demanded.at(-1)).toBeGreaterThan(0);
      void rig.take(new FakeMessage({ key: 'b', body: `b${third}` }));
      await turns();
      calls.get(`b${third}`)?.resolve();
      await turns();
    }
    expect(rig.lane.fates).toHaveLength(9);
    expect(rig.sink.notes).toEqual([expect.stringContaining('handling a1')]);
  });

  it('ends where all calls hang: health says so', async () => {
    const { rig } = openCalls({ lane, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    for (let third = 0; third < 5; third++) rig.clock.advance(THIRD_MS);
    expect(rig.lane.fates).toEqual(['c1 0']);
    expect(rig.healthIssues.list()).toEqual([expect.stringContaining('1 message(s) were returned')]);
  });
});

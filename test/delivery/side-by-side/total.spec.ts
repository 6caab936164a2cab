import { describe, expect, it } from '@jest/globals';
import { CallBudget } from '../../../lib/delivery/side-by-side/call-budget.js';
import { keyed, openCalls, sideBySide } from '../../support/side-by-side.js';
import { turns } from '../../support/turns.js';

/** Messages without a key, so many. */
const some = (name: string, count: number) => keyed(...Array.from({ length: count }, (_, at) => `-${name}${at}`));

describe('the total of calls side by side', () => {
  it('is not exceeded over all lanes of the subscription', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(4, 6) } });
    const [second, third] = [rig.open({ name: 'in[1]' }), rig.open({ name: 'in[2]' })];
    void rig.take(...some('a', 20));
    void rig.sink.take(second, some('b', 20));
    void rig.sink.take(third, some('c', 20));
    for (let ended = 0; ended < 60; ended++) {
      await turns(2);
      expect(rig.counts.running).toBe(Math.min(6, 60 - ended));
      calls.get(rig.calls[ended] ?? '')?.resolve();
    }
    await turns();
    expect([rig.counts.running, rig.calls.length]).toEqual([0, 60]);
  });

  it('is given to lanes in turn: a long backlog takes no more of it than a short one', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(8, 2) } });
    const [second, third] = [rig.open({ name: 'in[1]' }), rig.open({ name: 'in[2]' })];
    void rig.take(...some('a', 100));
    void rig.sink.take(second, some('b', 3));
    void rig.sink.take(third, some('c', 3));
    for (let ended = 0; ended < 12; ended++) {
      await turns(2);
      calls.get(rig.calls[ended] ?? '')?.resolve();
    }
    expect(rig.calls.slice(0, 11).join(' ')).toBe('-a0 -a1 -a2 -b0 -c0 -a3 -b1 -c1 -a4 -b2 -c2');
  });

  it('counts handlers that still run on a lane that was lost', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(2, 2) } });
    void rig.take(...some('a', 2));
    await turns();
    rig.lane.lose();
    const next = rig.open({ name: 'in[0] again' });
    void rig.sink.take(next, some('b', 2));
    await turns();
    expect(rig.calls).toHaveLength(2);
    calls.get('-a0')?.resolve();
    await turns();
    expect(rig.calls).toEqual(['-a0', '-a1', '-b0']);
  });

  it('goes to the next lane where one that waited for it is lost or paused', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(1, 1) } });
    const [second, third] = [rig.open({ name: 'in[1]' }), rig.open({ name: 'in[2]' })];
    void rig.take(...some('a', 1));
    void rig.sink.take(second, some('b', 1));
    void rig.sink.take(third, some('c', 1));
    second.lose();
    calls.get('-a0')?.resolve();
    await turns();
    expect(rig.calls).toEqual(['-a0', '-c0']);
  });

  it('is used by retries as by first calls', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(2, 1) } });
    const second = rig.open({ name: 'in[1]' });
    void rig.take(...keyed('a1'));
    await turns();
    calls.get('a1')?.reject(new Error('not yet'));
    void rig.sink.take(second, keyed('b1'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    calls.get('b1')?.resolve();
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'a1']);
  });

  it('is asked for by lanes without a message at hand, which then fetch one', async () => {
    const lane = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 100 } as const;
    const { rig, calls } = openCalls({ lane, binding: { sideBySide: sideBySide(2, 1) } });
    const second = rig.open({ ...lane, name: 'in[1]' });
    void rig.take(...some('a', 1));
    await turns();
    const before = second.demanded.length;
    void rig.sink.take(second, []);
    await turns();
    expect(second.demanded).toHaveLength(before);
    calls.get('-a0')?.resolve();
    await turns();
    expect(second.demanded.length).toBeGreaterThan(before);
    void rig.sink.take(second, some('b', 1));
    await turns();
    expect(rig.calls).toEqual(['-a0', '-b0']);
  });
});

describe('a budget of calls', () => {
  it('keeps what it offers until it is taken or declined', () => {
    const budget = new CallBudget(1);
    const offered: string[] = [];
    const lane = (name: string) => ({ offered: () => void offered.push(name) });
    const [a, b, c] = [lane('a'), lane('b'), lane('c')];
    expect([budget.take(a), budget.take(b), budget.take(c)]).toEqual([true, false, false]);
    budget.release();
    expect([offered, budget.take(a), budget.freeFor(b), budget.freeFor(c)]).toEqual([['b'], false, 1, 0]);
    budget.decline(b);
    expect([offered, budget.take(c)]).toEqual([['b', 'c'], true]);
    budget.decline(c);
    budget.release();
    expect([offered, budget.take(a)]).toEqual([['b', 'c', 'a'], true]);
  });
});

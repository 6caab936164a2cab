import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../../lib/driver/index.js';
import { open, Rig } from '../../support/delivery-rig.js';
import { confirmed, refused } from '../../support/fake-driver.js';
import { keyed, openCalls, sideBySide } from '../../support/side-by-side.js';
import { eventually } from '../../support/eventually.js';
import { turns } from '../../support/turns.js';

describe('calls side by side', () => {
  it('begin at once, as many as perLane, in the order in which their messages came', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    calls.get('b1')?.resolve();
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'c1']);
    expect(rig.lane.fates).toEqual(['b1 ack']);
    expect(rig.counts.running).toBe(2);
  });

  it('of one key follow one another', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(16) } });
    void rig.take(...keyed('a1', 'a2', 'b1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    calls.get('a1')?.resolve();
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'a2']);
  });

  it('of messages without a key have no order', async () => {
    const { rig } = openCalls({ binding: { sideBySide: sideBySide(3) } });
    void rig.take(...keyed('-1', '-2', '-3', '-4'));
    await turns();
    expect(rig.calls).toEqual(['-1', '-2', '-3']);
  });

  it('give each key its turn, however many messages another one has', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(1) } });
    void rig.take(...keyed('a1', 'a2', 'a3', 'b1', 'c1'));
    for (const next of ['a1', 'b1', 'c1', 'a2']) {
      await turns();
      expect(rig.calls.at(-1)).toBe(next);
      calls.get(next)?.resolve();
    }
  });

  it('go on with the next message of a key while the publishes of the one before are being confirmed', async () => {
    const rig = new Rig({
      binding: { sideBySide: sideBySide(2), routes: [{ broker: 'out', destination: 'q' }] },
      handle: (body) => outgoing(body),
    });
    rig.drivers.out.hold = true;
    void rig.take(...keyed('a1', 'a2'));
    await eventually(() => rig.drivers.out.writes.length > 0);
    expect(rig.calls).toEqual(['a1', 'a2']);
    expect(rig.lane.settled).toEqual([]);
  });

  it('are one after another again where the handler is synchronous', async () => {
    const rig = new Rig({ binding: { sideBySide: sideBySide(4) } });
    void rig.take(...keyed('a1', 'b1', 'a2', '-1', 'b2', 'a3'));
    await turns();
    expect(rig.lane.fates).toHaveLength(6);
    expect(rig.calls).toEqual(['a1', 'b1', '-1', 'a2', 'b2', 'a3']);
  });
});

describe('a key that waits', () => {
  it('for a retry in place takes up no call, and holds nothing but its own messages', async () => {
    let failures = 1;
    const rig = new Rig({
      binding: { sideBySide: sideBySide(1) },
      handle: (body) => {
        if (body === 'a1' && failures-- > 0) throw new Error('not yet');
        return undefined;
      },
    });
    void rig.take(...keyed('a1', 'a2', 'b1', 'b2'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'b2']);
    rig.clock.advance(100);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'b2', 'a1', 'a2']);
    expect(rig.lane.fates).toEqual(['b1 ack', 'b2 ack', 'a1 ack', 'a2 ack']);
  });

  it('while its message is held lets others pass', async () => {
    let fails = true;
    const rig = new Rig({
      binding: { sideBySide: sideBySide(2), retry: { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 } },
      handle: (body) => {
        if (body === 'a1' && fails) throw new Error('no');
        return undefined;
      },
    });
    void rig.take(...keyed('a1', 'a2', 'b1'));
    await turns();
    void rig.take(...keyed('a3', 'c1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'c1']);
    fails = false;
    rig.clock.advance(1_000);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'c1', 'a1', 'a2', 'a3']);
  });

  it('for the publish of its result is called again before its next messages', async () => {
    const rig = new Rig({
      binding: { sideBySide: sideBySide(2), routes: [{ broker: 'out', destination: 'q' }] },
      handle: (body) => outgoing(body),
    });
    rig.drivers.out.outcome = () => (rig.drivers.out.writes.length === 1 ? refused(false) : confirmed);
    void rig.take(...keyed('a1'));
    await turns();
    void rig.take(...keyed('a2', 'b1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    rig.clock.advance(1_000);
    await eventually(() => rig.lane.settled.length === 3);
    expect(rig.calls).toEqual(['a1', 'b1', 'a1', 'a2']);
  });

  it('asks for its further call before new messages are begun, and waits for a free one', async () => {
    const slow = open();
    let failures = 1;
    const rig = new Rig({
      binding: { sideBySide: sideBySide(1) },
      handle: async (body) => {
        if (body === 'a1' && failures-- > 0) throw new Error('not yet');
        if (body === 'b1') await slow.promise;
        return undefined;
      },
    });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    slow.resolve();
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'a1', 'c1']);
  });
});

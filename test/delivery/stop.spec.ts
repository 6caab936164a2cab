import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { eventually, turns } from '../support/turns.js';

async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await turns();
  return over;
}

const failing = (): never => {
  throw new Error('no');
};

describe('a lane that is stopped', () => {
  it('begins no further handler; the running one ends, with its publishes and its settlement', async () => {
    const running = open();
    const rig = new Rig({
      binding: { routes: [{ broker: 'out', destination: 'q' }] },
      handle: () => running.promise.then(() => outgoing('x')),
    });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a', 'b'));
    rig.sink.quiet();
    const drained = rig.sink.drained();
    expect(await isOver(drained)).toBe(false);
    running.resolve();
    expect(await isOver(drained)).toBe(false);
    rig.drivers.out.writes[0]?.confirm();
    expect(await isOver(drained)).toBe(true);
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a done']]);
  });

  it('calls no handler for a lane that is opened after all was given up', async () => {
    const rig = new Rig({ lane: { again: 'never', waits: false } });
    rig.sink.quiet();
    rig.sink.abandon();
    const late = rig.open({ again: 'never', waits: false });
    void rig.sink.take(late, messages('a'));
    await turns();
    expect(rig.calls).toEqual([]);
  });

  it('takes nothing more', async () => {
    const rig = new Rig();
    rig.sink.quiet();
    expect(rig.take(...messages('a'))).toBeUndefined();
    await turns();
    expect([rig.calls, rig.sink.taken]).toEqual([[], 0]);
  });

  it('goes on publishing what is tried again, until it is confirmed', async () => {
    const rig = new Rig({ binding: { routes: [{ broker: 'out', destination: 'q' }] }, handle: () => outgoing('x') });
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a'));
    await turns();
    rig.sink.quiet();
    const drained = rig.sink.drained();
    expect(await isOver(drained)).toBe(false);
    rig.drivers.out.outcome = () => confirmed;
    rig.clock.advance(50);
    expect(await isOver(drained)).toBe(true);
    expect(rig.lane.fates).toEqual(['a done']);
  });

  it.each(['hold', 'server'] as const)('leaves unsettled what waits for its next call (%s)', async (again) => {
    for (const ack of ['nack-on-error', 'reject-on-error', 'manual'] as const) {
      const rig = new Rig({ binding: { ack }, lane: { again }, handle: failing });
      void rig.take(...messages('a'));
      await turns();
      rig.sink.quiet();
      expect(await isOver(rig.sink.drained())).toBe(true);
      expect([ack, rig.calls, rig.lane.fates, rig.clock.pending()]).toEqual([ack, ['a'], [], []]);
    }
  });

  it.each(['hold', 'server'] as const)(
    'leaves unsettled what fails meanwhile and may be called again (%s): a stop is no failure',
    async (again) => {
      for (const ack of ['nack-on-error', 'reject-on-error', 'manual'] as const) {
        const running = open();
        const rig = new Rig({ binding: { ack }, lane: { again }, handle: () => running.promise.then(failing) });
        void rig.take(...messages('a'));
        rig.sink.quiet();
        running.resolve();
        expect(await isOver(rig.sink.drained())).toBe(true);
        expect([ack, rig.calls, rig.lane.fates]).toEqual([ack, ['a'], []]);
      }
    },
  );

  it('leaves a nacked message unsettled where delivery holds it', async () => {
    const rig = new Rig({
      handle: (_body, context) => {
        context.nack();
        return undefined;
      },
    });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.quiet();
    expect(await isOver(rig.sink.drained())).toBe(true);
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
  });

  it('handles what nobody brings back to the end, retries included', async () => {
    let failures = 1;
    const rig = new Rig({
      lane: { again: 'never', waits: false },
      handle: async () => {
        await turns(1);
        if (failures-- > 0) failing();
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    rig.sink.quiet();
    void rig.take(...messages('c'));
    const drained = rig.sink.drained();
    await turns();
    rig.clock.advance(100);
    await drained;
    expect(rig.lane.fates).toEqual(['a done', 'b done', 'c done']);
  });

  it('opened after the stop begins nothing', async () => {
    const rig = new Rig();
    rig.sink.quiet();
    const lane = rig.open({ name: 'in[1]' });
    void rig.sink.take(lane, messages('a'));
    await turns();
    expect(rig.calls).toEqual([]);
  });
});

describe('what is abandoned', () => {
  it('is named, its signal aborts, and it is never settled even if its handler ends later', async () => {
    const running = open();
    const rig = new Rig({
      binding: { routes: [{ broker: 'out', destination: 'q' }] },
      handle: () => running.promise.then(() => outgoing('x')),
    });
    void rig.take(...messages('a', 'b'));
    const { signal } = rig.contexts[0]!;
    rig.sink.quiet();
    expect(rig.sink.abandon()).toEqual(['Orders.on (a)']);
    expect([signal.aborted, (signal.reason as { code: string }).code]).toEqual([true, 'MULTI_BROKER_STOP_INCOMPLETE']);
    running.resolve();
    await rig.sink.drained();
    await turns();
    expect([rig.calls, rig.lane.fates, rig.drivers.out.written]).toEqual([['a'], [], []]);
  });

  it('is not settled when its handler fails later', async () => {
    for (const again of ['hold', 'server', 'never'] as const) {
      const running = open();
      const binding = { ack: 'reject-on-error' } as const;
      const rig = new Rig({ lane: { again }, binding, handle: () => running.promise.then(failing) });
      void rig.take(...messages('a'));
      rig.sink.quiet();
      rig.sink.abandon();
      running.resolve();
      await rig.sink.drained();
      expect([again, rig.lane.fates]).toEqual([again, []]);
    }
  });

  it('is not settled by its publish that is confirmed later', async () => {
    const rig = new Rig({ binding: { routes: [{ broker: 'out', destination: 'q' }] }, handle: () => outgoing('x') });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a'));
    await eventually(() => rig.drivers.out.writes.length === 1);
    expect(rig.sink.abandon()).toEqual(['Orders.on (a)']);
    rig.drivers.out.writes[0]?.confirm();
    await rig.sink.drained();
    expect(rig.lane.fates).toEqual([]);
  });

  it('is not settled by hand', async () => {
    const rig = new Rig({ handle: () => new Promise(() => {}) });
    void rig.take(...messages('a'));
    rig.sink.abandon();
    rig.contexts[0]?.ack();
    expect(rig.lane.fates).toEqual([]);
  });

  it('and waits where nobody brings it back is counted and named', () => {
    const rig = new Rig({ lane: { again: 'never', waits: false }, handle: () => new Promise(() => {}) });
    void rig.take(...messages('a', 'b', 'c'));
    expect(rig.sink.abandon()).toEqual(['Orders.on (a)', '2 message(s) that wait on in[0]']);
    expect(rig.counts.dropped).toBe(2);
  });

  it('is nothing where all has ended', async () => {
    const rig = new Rig();
    void rig.take(...messages('a'));
    await turns();
    rig.sink.quiet();
    await rig.sink.drained();
    expect(rig.sink.abandon()).toEqual([]);
  });
});

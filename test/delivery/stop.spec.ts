import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

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
    rig.sink.stopCalling();
    const drained = rig.sink.drained();
    expect(await isOver(drained)).toBe(false);
    running.resolve();
    expect(await isOver(drained)).toBe(false);
    rig.drivers.out.writes[0]?.confirm();
    expect(await isOver(drained)).toBe(true);
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], ['a ack']]);
  });

  it('calls no handler for a lane that is opened after all was given up', async () => {
    const rig = new Rig({ lane: { redelivery: 'none', backpressure: false } });
    rig.sink.stopCalling();
    rig.sink.abandon();
    const late = rig.open({ redelivery: 'none', backpressure: false });
    void rig.sink.take(late, messages('a'));
    await turns();
    expect(rig.calls).toEqual([]);
  });

  it('takes nothing more', async () => {
    const rig = new Rig();
    rig.sink.stopCalling();
    expect(rig.take(...messages('a'))).toBeUndefined();
    await turns();
    expect([rig.calls, rig.sink.taken]).toEqual([[], 0]);
  });

  it('goes on publishing what is tried again, until it is confirmed', async () => {
    const rig = new Rig({ binding: { routes: [{ broker: 'out', destination: 'q' }] }, handle: () => outgoing('x') });
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a'));
    await turns();
    rig.sink.stopCalling();
    const drained = rig.sink.drained();
    expect(await isOver(drained)).toBe(false);
    rig.drivers.out.outcome = () => confirmed;
    rig.clock.advance(50);
    expect(await isOver(drained)).toBe(true);
    expect(rig.lane.fates).toEqual(['a ack']);
  });

  it.each(['in-place', 'server'] as const)('leaves unsettled what waits for its next call (%s)', async (again) => {
    for (const ack of ['nack-on-error', 'reject-on-error', 'manual'] as const) {
      const rig = new Rig({ binding: { ack }, lane: { redelivery: again }, handle: failing });
      void rig.take(...messages('a'));
      await turns();
      rig.sink.stopCalling();
      expect(await isOver(rig.sink.drained())).toBe(true);
      expect([ack, rig.calls, rig.lane.fates, rig.clock.pending()]).toEqual([ack, ['a'], [], []]);
    }
  });

  it.each(['in-place', 'server'] as const)(
    'leaves unsettled what fails meanwhile and may be called again (%s): a stop is no failure',
    async (again) => {
      for (const ack of ['nack-on-error', 'reject-on-error', 'manual'] as const) {
        const running = open();
        const rig = new Rig({
          binding: { ack },
          lane: { redelivery: again },
          handle: () => running.promise.then(failing),
        });
        void rig.take(...messages('a'));
        rig.sink.stopCalling();
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
    rig.sink.stopCalling();
    expect(await isOver(rig.sink.drained())).toBe(true);
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
  });

  it('handles what is not redelivered to the end, retries included', async () => {
    let failures = 1;
    const rig = new Rig({
      lane: { redelivery: 'none', backpressure: false },
      handle: async () => {
        await turns(1);
        if (failures-- > 0) failing();
        return undefined;
      },
    });
    void rig.take(...messages('a', 'b'));
    rig.sink.stopCalling();
    void rig.take(...messages('c'));
    const drained = rig.sink.drained();
    await turns();
    rig.clock.advance(100);
    await drained;
    expect(rig.lane.fates).toEqual(['a ack', 'b ack', 'c ack']);
  });

  it('opened after the stop begins nothing', async () => {
    const rig = new Rig();
    rig.sink.stopCalling();
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
    rig.sink.stopCalling();
    expect(rig.sink.abandon()).toEqual(['Orders.on (a)']);
    expect([signal.aborted, (signal.reason as { code: string }).code]).toEqual([true, 'MULTI_BROKER_STOP_INCOMPLETE']);
    running.resolve();
    await rig.sink.drained();
    await turns();
    expect([rig.calls, rig.lane.fates, rig.drivers.out.written]).toEqual([['a'], [], []]);
  });

  it('is not settled when its handler fails later', async () => {
    for (const again of ['in-place', 'server', 'none'] as const) {
      const running = open();
      const binding = { ack: 'reject-on-error' } as const;
      const rig = new Rig({ lane: { redelivery: again }, binding, handle: () => running.promise.then(failing) });
      void rig.take(...messages('a'));
      rig.sink.stopCalling();
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

  it('is not settled by its handler', async () => {
    const rig = new Rig({ handle: () => new Promise(() => {}) });
    void rig.take(...messages('a'));
    rig.sink.abandon();
    rig.contexts[0]?.ack();
    expect(rig.lane.fates).toEqual([]);
  });

  it('and waits where nothing is redelivered is counted and named', () => {
    const rig = new Rig({ lane: { redelivery: 'none', backpressure: false }, handle: () => new Promise(() => {}) });
    void rig.take(...messages('a', 'b', 'c'));
    expect(rig.sink.abandon()).toEqual(['Orders.on (a)', '2 message(s) that wait on in[0]']);
    expect(rig.counts.dropped).toBe(2);
  });

  it('is nothing where all has ended', async () => {
    const rig = new Rig();
    void rig.take(...messages('a'));
    await turns();
    rig.sink.stopCalling();
    await rig.sink.drained();
    expect(rig.sink.abandon()).toEqual([]);
  });
});

import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../../lib/driver/index.js';
import { Rig } from '../../support/delivery-rig.js';
import { FakeMessage } from '../../support/fake-lane.js';
import { keyed, openCalls, sideBySide } from '../../support/side-by-side.js';
import { eventually } from '../../support/eventually.js';
import { turns } from '../../support/turns.js';

const once = { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };
const server = { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 100 } as const;
const core = { redelivery: 'none', backpressure: false } as const;

describe("calls side by side and ack: 'manual'", () => {
  it('are settled in any order; a key goes on when its handler is over, settled or not', async () => {
    const rig = new Rig({ binding: { sideBySide: sideBySide(2), ack: 'manual' } });
    void rig.take(...keyed('a1', 'b1', 'a2'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a1', 'b1', 'a2'], []]);
    for (const at of [2, 0, 1]) rig.contexts[at]?.ack();
    expect(rig.lane.fates).toEqual(['a2 ack', 'a1 ack', 'b1 ack']);
  });

  it('are called again after a nack, the key held and others not', async () => {
    const rig = new Rig({
      binding: { sideBySide: sideBySide(1), ack: 'manual' },
      handle: (body, context) => {
        if (context.message.attempt === 1 && body === 'a1') context.nack({ delayMs: 500 });
        else context.ack();
        return undefined;
      },
    });
    void rig.take(...keyed('a1', 'a2', 'b1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    rig.clock.advance(500);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'a1', 'a2']);
  });

  it('forget a message that the server gives to a later delivery, which holds its key in its place', async () => {
    const rig = new Rig({ lane: server, binding: { sideBySide: sideBySide(2), ack: 'manual' } });
    void rig.take(...keyed('a1'));
    await turns();
    void rig.take(new FakeMessage({ body: 'a1', key: 'a', deliveryCount: 2 }));
    await turns();
    expect(rig.calls).toEqual(['a1', 'a1']);
    rig.contexts[0]?.ack();
    expect(rig.lane.fates).toEqual([]);
    rig.contexts[1]?.ack();
    expect(rig.lane.fates).toEqual(['a1 ack']);
  });
});

describe('calls side by side and a pause', () => {
  it('end, and no further one begins; retries of a source that holds wait for the resume', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    rig.sink.pause();
    calls.get('a1')?.resolve();
    calls.get('b1')?.reject(new Error('not yet'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a1', 'b1'], ['a1 ack']]);
    rig.sink.resume();
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'c1', 'b1']);
  });

  it('return what waits to a server, also the messages behind a running key', async () => {
    const { rig, calls } = openCalls({ lane: server, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'a2', 'b1', 'c1', '-1'));
    await turns();
    rig.sink.pause();
    expect(rig.lane.fates.sort()).toEqual(['-1 0', 'a2 0', 'c1 0']);
    expect(rig.lane.demanded.at(-1)).toBe(0);
    calls.get('a1')?.resolve();
    calls.get('b1')?.reject(new Error('not yet'));
    await turns();
    expect(rig.lane.fates).toEqual(expect.arrayContaining(['a1 ack', 'b1 100']));
    rig.sink.resume();
    expect(rig.lane.demanded.at(-1)).toBe(2);
  });

  it('return a message that waits for a free call of its lane', async () => {
    const { rig, calls } = openCalls({ lane: server, binding: { sideBySide: sideBySide(1) } });
    void rig.take(...keyed('a1', 'b1'));
    await turns();
    calls.get('a1')?.reject(new Error('not yet'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1']);
    rig.sink.pause();
    await turns();
    expect(rig.lane.fates).toEqual(['a1 0']);
  });
});

describe('calls side by side and a stop', () => {
  it('end and are settled; what waits is left, and so is what waits for a retry', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(3) } });
    void rig.take(...keyed('a1', 'b1', 'c1', 'd1', 'a2'));
    await turns();
    calls.get('b1')?.reject(new Error('not yet'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'b1', 'c1', 'd1']);
    rig.sink.stopCalling();
    let isDrained = false;
    void rig.sink.drained().then(() => (isDrained = true));
    calls.get('a1')?.resolve();
    calls.get('c1')?.resolve();
    await turns();
    expect(isDrained).toBe(false);
    calls.get('d1')?.resolve();
    await turns();
    expect([isDrained, rig.lane.fates, rig.calls.length]).toEqual([true, ['a1 ack', 'c1 ack', 'd1 ack'], 4]);
  });

  it('on core NATS are made for all that waits, as many at once as before', async () => {
    const { rig, calls } = openCalls({ lane: core, binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'a2', 'b1', '-1'));
    rig.sink.stopCalling();
    const drained = rig.sink.drained();
    for (let ended = 0; ended < 4; ended++) {
      await turns(3);
      expect(rig.counts.running).toBeLessThanOrEqual(2);
      calls.get(rig.calls[ended] ?? '')?.resolve();
    }
    await drained;
    expect(rig.lane.fates).toHaveLength(4);
  });

  it('are abandoned and named once the time is over, and settle nothing any more', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    rig.sink.stopCalling();
    expect(rig.sink.abandon()).toEqual(['Orders.on (a1)', 'Orders.on (b1)']);
    for (const call of calls.values()) call.resolve();
    await turns();
    expect([rig.lane.fates, rig.contexts.map(({ signal }) => signal.aborted)]).toEqual([[], [true, true]]);
  });
});

describe('calls side by side and a rebalance', () => {
  it('end and are settled before the lane is given up; a held key is left to the next owner', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(3), retry: once } });
    void rig.take(...keyed('a1', 'b1', 'c1', 'd1'));
    await turns();
    calls.get('a1')?.reject(new Error('no'));
    await turns();
    const drained = rig.sink.drain(rig.lane);
    for (const key of ['b1', 'c1', 'd1']) calls.get(key)?.resolve();
    await drained;
    expect(rig.lane.fates.sort()).toEqual(['b1 ack', 'c1 ack', 'd1 ack']);
  });

  it('settle nothing of a lane that was lost, and begin nothing more of it', async () => {
    const { rig, calls } = openCalls({ binding: { sideBySide: sideBySide(2) } });
    void rig.take(...keyed('a1', 'b1', 'c1'));
    await turns();
    rig.lane.lose();
    for (const call of calls.values()) call.resolve();
    await turns();
    expect([rig.calls, rig.lane.fates, rig.counts.running]).toEqual([['a1', 'b1'], [], 0]);
  });
});

describe('calls side by side and requests (core NATS)', () => {
  it('do not hold each other up: a request needs a call to begin, and none while it runs', async () => {
    const requests = { concurrency: 8, attempts: 1 };
    const { rig, calls } = openCalls({ lane: core, binding: { sideBySide: sideBySide(1), requests, reply: true } });
    const asking = keyed('a1', 'a2', 'a3').map((message) => Object.assign(message, { replyTo: 'r' }));
    void rig.take(...asking, ...keyed('a4', 'b1'));
    await turns();
    expect(rig.calls).toEqual(['a1', 'a2', 'a3', 'a4']);
    calls.get('a4')?.resolve();
    await turns();
    expect(rig.calls.at(-1)).toBe('b1');
  });
});

describe('calls side by side and AsyncLocalStorage', () => {
  it('do not see what another call has entered, whatever has made them begin', async () => {
    const tenant = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    let failures = 2;
    const rig = new Rig({
      binding: { sideBySide: sideBySide(2) },
      handle: async (body) => {
        seen.push(tenant.getStore());
        tenant.enterWith(body);
        await turns(1);
        if (failures-- > 0) throw new Error('not yet');
        return undefined;
      },
    });
    void rig.take(...keyed('a1', 'b1', 'c1', 'a2', '-1'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(rig.lane.settled).toHaveLength(5);
    expect(seen).toEqual(Array.from({ length: 7 }, () => undefined));
  });
});

describe('calls side by side and maxProcessingMs', () => {
  it('have their own time each', async () => {
    const { rig } = openCalls({ binding: { sideBySide: sideBySide(3), maxProcessingMs: 1_000 } });
    void rig.take(...keyed('a1'));
    await turns();
    rig.clock.advance(600);
    void rig.take(...keyed('b1'));
    await turns();
    rig.clock.advance(600);
    expect(rig.contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });
});

describe('calls side by side and a sequence of results', () => {
  it('take up a call until its end, and publish the items of a key in order', async () => {
    const rig = new Rig({
      binding: { sideBySide: sideBySide(1), routes: [{ broker: 'out', destination: 'q' }] },
      handle: (body) =>
        (async function* () {
          yield outgoing(`${body} first`);
          await turns(1);
          yield outgoing(`${body} second`);
        })(),
    });
    void rig.take(...keyed('a1', 'b1', 'a2'));
    await eventually(() => rig.lane.settled.length === 3);
    expect(rig.drivers.out.writes.flatMap(({ bodies }) => bodies)).toEqual(
      ['a1', 'b1', 'a2'].flatMap((body) => [`${body} first`, `${body} second`]),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const routes = [{ broker: 'out', destination: 'q' }];

/** Lanes and destinations that move now. */
function moving(rig: Rig): { lanes: number; destinations: number } {
  return { lanes: rig.sink.moving, destinations: rig.outboxes.get('out')?.moving ?? 0 };
}

const still = { lanes: 0, destinations: 0 };

describe('what moves', () => {
  it('is a handler that runs, however long nothing is heard of it', async () => {
    const { promise, resolve } = open<undefined>();
    const rig = new Rig({ handle: () => promise });
    void rig.take(...messages('a'));
    await turns(50);
    expect(moving(rig)).toEqual({ lanes: 1, destinations: 0 });
    resolve(undefined);
    await turns(1);
    expect(moving(rig)).toEqual(still);
  });

  it('is a result that is being published', async () => {
    const rig = new Rig({ binding: { routes }, handle: () => outgoing('x') });
    rig.drivers.out.hold = true;
    void rig.take(...messages('a'));
    expect(moving(rig)).toEqual({ lanes: 0, destinations: 1 });
    await turns();
    expect(moving(rig)).toEqual({ lanes: 0, destinations: 1 });
    rig.drivers.out.writes[0]?.confirm();
    await turns(1);
    expect(moving(rig)).toEqual(still);
    expect(rig.lane.fates).toEqual(['a ack']);
  });

  it('is a long batch while the event loop gets its turn', async () => {
    const bodies = Array.from({ length: 600 }, (_, at) => String(at));
    const rig = new Rig();
    void rig.take(...messages(...bodies));
    let left = 0;
    for (; moving(rig).lanes > 0; left++) await turns(1);
    expect(left).toBeGreaterThan(1);
    expect(rig.lane.settled).toHaveLength(600);
  });

  it('is a sequence, but not while it only awaits the next try of a publish', async () => {
    const rest = open();
    const rig = new Rig({
      binding: { routes },
      handle: async function* () {
        yield outgoing('1');
        await rest.promise;
      },
    });
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a'));
    await turns();
    expect(moving(rig)).toEqual({ lanes: 1, destinations: 0 });
    rest.resolve();
    await turns();
    expect(moving(rig)).toEqual(still);
    rig.drivers.out.outcome = () => confirmed;
    rig.clock.advance(50);
    await turns(2);
    expect(rig.lane.fates).toEqual(['a ack']);
  });
});

describe('what does not move', () => {
  it('is a message that waits to come again, and those behind it', async () => {
    let calls = 0;
    const rig = new Rig({
      binding: { retry: { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 } },
      handle: () => {
        if (calls++ === 0) throw new Error('once');
      },
    });
    void rig.take(...messages('a', 'b', 'c'));
    await turns(1);
    expect(moving(rig)).toEqual(still);
    expect(rig.sink.waiting()).toMatchObject([{ lane: { name: 'in[0]' }, messages: 2 }]);
    rig.clock.advance(1_000);
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack', 'c ack']);
    expect(rig.sink.waiting()).toEqual([]);
  });

  it('is a message that its handler leaves unsettled', async () => {
    const rig = new Rig({ binding: { ack: 'manual' } });
    void rig.take(...messages('a'));
    await turns(1);
    expect(rig.sink.taken).toBe(1);
    expect(moving(rig)).toEqual(still);
  });

  it('is a publish that waits for its next try; it is told with its time', async () => {
    const rig = new Rig({ binding: { routes }, handle: () => outgoing('x') });
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a'));
    await turns();
    expect(moving(rig)).toEqual(still);
    expect(rig.outboxes.get('out')?.nextTries()).toMatchObject([
      {
        to: { address: 'q' },
        messages: [{}],
        dueAt: 1_000_050,
        error: { message: expect.stringContaining('not written') },
      },
    ]);
    rig.drivers.out.outcome = () => confirmed;
    rig.clock.advance(50);
    await turns();
    expect(rig.outboxes.get('out')?.nextTries()).toEqual([]);
    expect(rig.lane.fates).toEqual(['a ack']);
  });

  it('is a paused lane', async () => {
    const rig = new Rig();
    rig.sink.pause();
    void rig.take(...messages('a'));
    await turns(1);
    expect(moving(rig)).toEqual(still);
    expect(rig.sink.waiting()).toMatchObject([{ messages: 1 }]);
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type DeliveryObserver, type Disposition, observeDeliveries } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { refused } from '../support/fake-driver.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

/** Writes down what it is told. */
class Notes implements DeliveryObserver {
  readonly lines: string[] = [];
  called = (): void => this.add('called');
  callOver = (): void => this.add('callOver');
  failed: DeliveryObserver['failed'] = (_, { message }, disposition) =>
    this.add(`failed ${message} ${fate(disposition)}`);
  waits: DeliveryObserver['waits'] = (_, what, ms) => this.add(`waits ${what} ${String(ms)}`);
  settled: DeliveryObserver['settled'] = (_, how) => this.add(`settled ${text(how)}`);
  ended = (): void => this.add('ended');
  lost = (): void => this.add('lost');

  private add(line: string): void {
    this.lines.push(line);
  }
}

const fate = (disposition: Disposition): string => {
  if (disposition.kind === 'settle') return text(disposition.how);
  if (disposition.kind === 'park') return 'park';
  return 'inMs' in disposition ? String(disposition.inMs) : disposition.reason;
};

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function watched(options: RigOptions, notes = new Notes()): { rig: Rig; lines: string[] } {
  const rig = new Rig(options);
  const stop = observeDeliveries(rig, notes);
  observed.set(notes, stop);
  void rig.take(...messages('a'));
  return { rig, lines: notes.lines };
}

/** Observers with what ends them. Nothing else keeps an observer from being collected. */
const observed = new Map<Notes, () => void>();
afterEach(() => {
  for (const stop of observed.values()) stop();
  observed.clear();
});

/** Fails so many times. */
function failing(times: number): RigOptions['handle'] {
  let left = times;
  return () => {
    if (left-- > 0) throw new Error('no');
    return undefined;
  };
}

const once = { attempts: 1, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };

describe('an observer of deliveries is told', () => {
  it('the calls, the settlement and the end', async () => {
    const { lines } = watched({});
    await turns(1);
    expect(lines).toEqual(['called', 'callOver', 'settled ack', 'ended']);
  });

  it('each failure and what follows it: retries in place, then the wait at the head of the lane', async () => {
    const { rig, lines } = watched({ handle: failing(3) });
    for (const ms of [100, 200, 1_000]) {
      await turns();
      rig.clock.advance(ms);
    }
    await turns();
    const call = ['called', 'callOver'];
    expect(lines).toEqual([
      ...call,
      'failed no 100',
      'waits retry 100',
      ...call,
      'failed no 200',
      'waits retry 200',
      ...call,
      'failed no 1000',
      'waits hold 1000',
      ...call,
      'settled ack',
      'ended',
    ]);
  });

  it('the planned delay of a retry in place that follows at once', async () => {
    const { lines, rig } = watched({
      handle: failing(1),
      binding: { retry: { ...once, attempts: 2 } },
      retriesAtOnce: true,
    });
    // A clock that stands still still has to be moved for what is due now.
    for (let turn = 0; turn < 3; turn++) {
      await turns(1);
      rig.clock.advance(0);
    }
    await turns();
    expect(lines).toEqual([
      'called',
      'callOver',
      'failed no 100',
      'waits retry 100',
      'called',
      'callOver',
      'settled ack',
      'ended',
    ]);
    expect(rig.clock.now()).toBe(1_000_000);
  });

  it('what the server brings again, and what is given up', async () => {
    const server = watched({ handle: failing(9), binding: { retry: once }, lane: { redelivery: 'server' } });
    const never = watched({ handle: failing(9), binding: { retry: once }, lane: { redelivery: 'none' } });
    await turns();
    expect([server.lines.slice(2), never.lines.slice(2)]).toEqual([
      ['failed no {"redeliverInMs":1000}', 'settled {"redeliverInMs":1000}', 'ended'],
      ['failed no reject', 'settled reject', 'ended'],
    ]);
  });

  it('a result that could not be published', async () => {
    const { lines, rig } = watched({
      binding: { routes: [{ broker: 'out', destination: 'q' }], ack: 'reject-on-error' },
      handle: () => outgoing('x'),
    });
    rig.drivers.out.outcome = () => refused(false);
    await turns();
    expect(lines).toEqual([
      'called',
      'callOver',
      expect.stringMatching(/^failed not written.* reject$/),
      'settled reject',
      'ended',
    ]);
  });

  it('a lane that is lost under it, and no settlement after that', async () => {
    const { rig, lines } = watched({ handle: () => new Promise(() => {}) });
    await turns(1);
    rig.lane.lose();
    expect(lines).toEqual(['called', 'lost']);
  });
});

it('an observer that throws is an uncaught error, as a listener of a channel is, and the delivery goes on', async () => {
  const uncaught: unknown[] = [];
  jest.spyOn(process, 'nextTick').mockImplementationOnce((raise) => {
    try {
      raise();
    } catch (thrown) {
      uncaught.push(thrown);
    }
  });
  const notes = new Notes();
  const broken = new Error('broken');
  notes.called = () => {
    throw broken;
  };
  const { rig, lines } = watched({}, notes);
  await turns(1);
  expect([uncaught, rig.calls, lines]).toEqual([[broken], ['a'], ['callOver', 'settled ack', 'ended']]);
});

import { describe, expect, it } from '@jest/globals';
import { RejectMessage } from '../../../lib/index.js';
import { Rig, type RigOptions } from '../../support/delivery-rig.js';
import { refused } from '../../support/fake-driver.js';
import { messages } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

const deadLetter = { broker: 'out', destination: 'parked' };
const retry = { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0 };

function poisoned(options: RigOptions = {}): Rig {
  const rig = new Rig({
    ...options,
    binding: { retry, deadLetter, ...options.binding },
    handle: (body) => {
      if (body === 'a') throw new RejectMessage('no good');
      return undefined;
    },
  });
  return rig;
}

describe('a dead-letter broker that is down', () => {
  it('keeps the message unsettled and its lane waiting; once it is back, the letter is written and both go on', async () => {
    const rig = poisoned();
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a', 'b'));
    for (let tries = 0; tries < 5; tries++) {
      await turns();
      rig.clock.advance(2_000);
    }
    await turns();
    expect([rig.calls, rig.lane.fates, rig.counts.deadLettered]).toEqual([['a'], [], 0]);
    const [backlog] = rig.outboxes.get('out')!.backlogs();
    expect(backlog).toMatchObject({
      to: { address: 'parked' },
      waiting: [{ from: { binding: { handler: 'Orders.on' } } }],
    });
    rig.drivers.out.outcome = () => ({ receipt: {} });
    rig.clock.advance(2_000);
    await turns();
    expect([rig.calls, rig.lane.fates, rig.counts.deadLettered]).toEqual([['a', 'b'], ['a ack', 'b ack'], 1]);
  });

  it('settles nothing of a lane that is lost meanwhile', async () => {
    const rig = poisoned();
    rig.drivers.out.hold = true;
    void rig.take(...messages('a'));
    await turns();
    rig.lane.lose();
    rig.drivers.out.writes[0]!.confirm();
    await turns();
    expect([rig.lane.fates, rig.counts.deadLettered]).toEqual([[], 0]);
  });
});

describe('a letter that cannot be written', () => {
  it('is the next failure of its message: held at the head of its lane, and told in log and health', async () => {
    const rig = poisoned();
    rig.drivers.out.outcome = () => refused(false, 'MULTI_BROKER_PAYLOAD_TOO_LARGE');
    void rig.take(...messages('a', 'b'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
    expect(rig.healthIssues.list()[0]).toContain('The dead letter of a from Orders.on cannot be written');
    expect(rig.log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining('its dead letter cannot be written'),
      expect.stringContaining('held, retrying in 1000 ms'),
    ]);
    rig.drivers.out.outcome = () => ({ receipt: {} });
    rig.clock.advance(1_000);
    await turns();
    expect([rig.calls, rig.lane.fates, rig.healthIssues.list()]).toEqual([['a', 'a', 'b'], ['a ack', 'b ack'], []]);
  });

  it.each(['reject-on-error', 'manual'] as const)('is never dropped, also under %s', async (ack) => {
    const rig = poisoned({ binding: { ack }, lane: { redelivery: 'server' } });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    expect(rig.lane.fates).toEqual(['a 1000']);
  });

  it('that a handler asked for by hand is held, too', async () => {
    const rig = new Rig({
      binding: { ack: 'manual', deadLetter },
      handle: (_, context) => context.deadLetter('by hand') as undefined,
    });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
    rig.drivers.out.outcome = () => ({ receipt: {} });
    rig.clock.advance(1_000);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a', 'a'], ['a ack']]);
  });

  it('is dropped and told where its source keeps nothing', async () => {
    const rig = poisoned({ lane: { redelivery: 'none', backpressure: false } });
    rig.drivers.out.outcome = () => refused(false);
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.counts]).toMatchObject([['a reject'], { rejected: 1, deadLettered: 0 }]);
  });

  it('by a function for its headers that throws, is held', async () => {
    const headers = (): never => {
      throw new TypeError('no such field');
    };
    const rig = poisoned({ binding: { deadLetter: { ...deadLetter, headers } } });
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.healthIssues.list()]).toEqual([[], [expect.stringContaining('no such field')]]);
  });

  it('as it would come back to the handler, is held', async () => {
    const rig = poisoned({ binding: { deadLetter: { broker: 'in', destination: 'address' } } });
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.healthIssues.list()]).toEqual([
      [],
      [expect.stringContaining('is where Orders.on reads')],
    ]);
  });
});

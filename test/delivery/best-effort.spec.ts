import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { Rig, type RigOptions } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { FakeMessage, messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const lossy = { broker: 'out', destination: 'stats', bestEffort: true };
const kept = { broker: 'other', destination: 'q' };

function rigOf(routes: NonNullable<RigOptions['binding']>['routes'], options: RigOptions = {}): Rig {
  return new Rig({ handle: (body) => outgoing(body), ...options, binding: { routes: routes!, ...options.binding } });
}

describe('a publisher with bestEffort', () => {
  it('publishes what the handler returns', async () => {
    const rig = rigOf([lossy]);
    void rig.take(...messages('a', 'b'));
    await turns();
    expect([rig.drivers.out.written, rig.lane.fates]).toEqual([
      ['a', 'b'],
      ['a ack', 'b ack'],
    ]);
    expect(rig.counts).toMatchObject({ handled: 2, unpublished: 0 });
  });

  it('is not awaited: the message is settled, and a request answered, while it is under way', async () => {
    const rig = rigOf([lossy, kept]);
    rig.drivers.out.hold = true;
    void rig.take(new FakeMessage({ body: 'a', replyTo: 'inbox' }), ...messages('b'));
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
    expect(rig.drivers.other.written).toEqual(['a', 'b']);
    expect(rig.drivers.in.written).toEqual(['a']);
  });

  it('is tried once: a failure is counted and logged, and neither holds nor fails the message', async () => {
    const rig = rigOf([lossy]);
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a', 'b', 'c'));
    await turns();
    rig.clock.advance(60_000);
    await turns();
    expect(rig.lane.fates).toEqual(['a ack', 'b ack', 'c ack']);
    expect(rig.counts).toMatchObject({ handled: 3, failed: 0, rejected: 0, unpublished: 3 });
    expect(rig.drivers.out.writes.flatMap(({ batch }) => batch)).toHaveLength(3);
    expect(rig.log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(
        /^warn Results of Orders\.on to 'stats' on broker 'out' are not published \(best effort\): not written/,
      ),
    ]);
  });

  it('tells that it goes on, and how many were lost', async () => {
    const rig = rigOf([lossy]);
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a', 'b'));
    await turns();
    rig.drivers.out.outcome = () => confirmed;
    void rig.take(...messages('c'));
    await turns();
    expect(rig.log.lines.at(-1)).toContain('are being published again: 2 were lost (best effort)');
    expect(rig.drivers.out.written.at(-1)).toBe('c');
  });

  it.each<[string, RigOptions['handle'], typeof lossy]>([
    ['what cannot be encoded', () => outgoing(Symbol('no JSON')), lossy],
    ['a destination that is none', () => outgoing('x'), { ...lossy, destination: '!x' }],
    ['a broker that is not there', () => outgoing('x'), { ...lossy, broker: 'nowhere' }],
  ])('does not fail the message by %s', async (_, handle, route) => {
    const rig = rigOf([route], { handle: handle! });
    void rig.take(...messages('a'));
    await turns();
    expect(rig.lane.fates).toEqual(['a ack']);
    expect(rig.counts).toMatchObject({ failed: 0, unpublished: 1 });
  });

  it('takes nothing from the publishers beside it: they are waited for as ever', async () => {
    const rig = rigOf([lossy, kept]);
    rig.drivers.out.outcome = () => refused(true);
    rig.drivers.other.hold = true;
    void rig.take(...messages('a'));
    await turns();
    expect(rig.lane.fates).toEqual([]);
    rig.drivers.other.writes[0]?.confirm();
    await turns();
    expect(rig.lane.fates).toEqual(['a ack']);
  });

  it('lets a sequence go on', async () => {
    async function* three() {
      yield* ['1', '2', '3'].map((text) => outgoing(text));
    }
    const rig = rigOf([lossy], { handle: () => three() });
    rig.drivers.out.outcome = () => refused(true);
    void rig.take(...messages('a'));
    await turns();
    expect([rig.lane.fates, rig.counts.unpublished]).toEqual([['a ack'], 3]);
  });
});

import { expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { Rig } from '../support/delivery-rig.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

function rigFor(routes: boolean, maxHops = 3): Rig {
  return new Rig({
    maxHops,
    handle: () => outgoing('x'),
    binding: { ack: 'reject-on-error', routes: routes ? [{ broker: 'out', destination: 'q' }] : [] },
  });
}

const after = (hops: number): FakeMessage => new FakeMessage({ headers: { 'multi-broker-hops': String(hops) } });

it('a message that was passed on too often is not passed on again: its handler is not called', async () => {
  const rig = rigFor(true);
  void rig.take(after(3));
  await turns();
  expect([rig.calls, rig.lane.fates, rig.counts]).toMatchObject([[], ['body reject'], { failed: 1, running: 0 }]);
  expect(rig.log.lines.join()).toContain('Orders.on');
});

it('one hop less is passed on', async () => {
  const rig = rigFor(true);
  void rig.take(after(2));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['body'], ['body ack']]);
});

it('a handler that passes nothing on takes messages of any age', async () => {
  const rig = rigFor(false);
  void rig.take(after(99));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['body'], ['body ack']]);
});

it('a loop is not called again in place, as it cannot succeed', async () => {
  const rig = new Rig({ maxHops: 1, binding: { routes: [{ broker: 'out', destination: 'q' }] } });
  void rig.take(after(1));
  await turns();
  expect([rig.lane.fates, rig.counts.failed, rig.clock.nextAt() - rig.clock.now()]).toEqual([[], 1, 1_000]);
  expect(rig.healthIssues.list().join()).toContain('raise maxHops');
});

import { expect, it } from '@jest/globals';
import { RejectMessage } from '../../../lib/index.js';
import { Rig } from '../../support/delivery-rig.js';
import { FakeMessage } from '../../support/fake-lane.js';
import { turns } from '../../support/turns.js';

it('with concurrency, a letter that waits holds its own key and nobody else', async () => {
  const rig = new Rig({
    binding: {
      deadLetter: { broker: 'out', destination: 'parked' },
      sideBySide: { perLane: 4, total: undefined, keyOf: ({ key }) => key },
    },
    handle: (body) => {
      if (body === 'a1') throw new RejectMessage();
      return undefined;
    },
  });
  rig.drivers.out.hold = true;
  void rig.take(...['a1', 'a2', 'b1', 'b2'].map((body) => new FakeMessage({ body, key: body.slice(0, 1) })));
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([
    ['a1', 'b1', 'b2'],
    ['b1 ack', 'b2 ack'],
  ]);
  rig.drivers.out.writes[0]!.confirm();
  await turns();
  expect([rig.calls.at(-1), rig.lane.fates.slice(2)]).toEqual(['a2', ['a1 ack', 'a2 ack']]);
});

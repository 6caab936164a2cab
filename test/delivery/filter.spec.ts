import { describe, expect, it } from '@jest/globals';
import type { AckPolicy, MessageContext } from '../../lib/driver/index.js';
import { Rig } from '../support/delivery-rig.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const wanted = { filter: ({ message }: MessageContext) => message.headers['type'] === 'wanted' };

describe('a message that the filter does not want', () => {
  it.each(['nack-on-error', 'reject-on-error', 'ack-first', 'manual'] as AckPolicy[])(
    'is acked without a call, under %s',
    async (ack) => {
      const rig = new Rig({ binding: { ack, ...wanted } });
      void rig.take(
        new FakeMessage({ position: '1', headers: { type: 'other' } }),
        new FakeMessage({ position: '2', body: 'b', headers: { type: 'wanted' } }),
      );
      await turns();
      expect(rig.calls).toEqual(['b']);
      expect(rig.lane.fates.slice(0, 1)).toEqual(['1 ack']);
    },
  );

  it('is not answered', async () => {
    const rig = new Rig({ binding: wanted });
    void rig.take(new FakeMessage({ replyTo: 'inbox' }));
    await turns();
    expect(rig.drivers.in.written).toEqual([]);
  });

  it('may have been passed on as often as it likes', async () => {
    const rig = new Rig({ maxHops: 1, binding: { ...wanted, routes: [{ broker: 'out', destination: 'q' }] } });
    void rig.take(new FakeMessage({ headers: { 'multi-broker-hops': '9' } }));
    await turns();
    expect(rig.lane.fates).toEqual(['body ack']);
  });
});

it('a filter that throws is a failure of the attempt', async () => {
  let failures = 1;
  const filter = (): boolean => {
    if (failures-- > 0) throw new Error('no');
    return true;
  };
  const rig = new Rig({ binding: { filter } });
  void rig.take(new FakeMessage({}));
  await turns();
  expect([rig.calls, rig.counts.failed, rig.counts.running]).toEqual([[], 1, 0]);
  rig.clock.advance(100);
  await turns();
  expect([rig.calls, rig.lane.fates]).toEqual([['body'], ['body ack']]);
});

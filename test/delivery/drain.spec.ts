import { describe, expect, it } from '@jest/globals';
import { open, Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

describe('a lane that its driver drains', () => {
  it('begins no further handler; it is drained when the running one is over and settled', async () => {
    const running = open<undefined>();
    const rig = new Rig({ lane: { redelivery: 'in-place' }, handle: () => running.promise });
    void rig.take(...messages('a', 'b'));
    await turns();
    let drained = false;
    void rig.sink.drain(rig.lane).then(() => (drained = true));
    await turns();
    expect(drained).toBe(false);
    running.resolve(undefined);
    await turns();
    expect([drained, rig.calls, rig.lane.fates]).toEqual([true, ['a'], ['a ack']]);
  });

  it('leaves what waits for a further attempt unsettled, and does not wait for it', async () => {
    const rig = new Rig({
      lane: { redelivery: 'in-place' },
      handle: () => {
        throw new Error('not yet');
      },
    });
    void rig.take(...messages('a'));
    await turns();
    await rig.sink.drain(rig.lane);
    rig.clock.advance(60_000);
    await turns();
    expect([rig.calls, rig.lane.fates]).toEqual([['a'], []]);
  });

  it('leaves other lanes as they are', async () => {
    const rig = new Rig({ lane: { redelivery: 'in-place' } });
    const other = rig.open({ redelivery: 'in-place' });
    await rig.sink.drain(rig.lane);
    void rig.sink.take(other, messages('b'));
    await turns();
    expect([rig.calls, other.fates]).toEqual([['b'], ['b ack']]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Rig } from '../support/delivery-rig.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const delivery = (deliveryCount: number, position = 'm'): FakeMessage =>
  new FakeMessage({ body: position, position, deliveryCount });

async function leftAndDeliveredAgain(): Promise<Rig> {
  const rig = new Rig({ binding: { ack: 'manual' }, lane: { redelivery: 'server', leaseMs: 3_000 } });
  void rig.take(delivery(1));
  await turns();
  void rig.take(delivery(2));
  await turns();
  return rig;
}

describe("what a handler left unsettled (ack: 'manual') and the server delivers again", () => {
  it('is told to the lane as left, once its handler is over', async () => {
    const rig = new Rig({ binding: { ack: 'manual' }, lane: { redelivery: 'server' } });
    const message = delivery(1);
    void rig.take(message);
    await turns();
    expect(rig.lane.left).toEqual([message]);
  });

  it('is a new attempt', async () => {
    const { contexts, binding } = await leftAndDeliveredAgain();
    expect(contexts.map(({ message }) => message.attempt)).toEqual([1, 1 + binding.retry.attempts]);
  });

  it('is settled by the new attempt alone: a late ack() of the first one is told in the log and does nothing', async () => {
    const { contexts, lane, log } = await leftAndDeliveredAgain();
    contexts[0]?.ack();
    expect(lane.fates).toEqual([]);
    expect(log.lines.join()).toContain('(m): settled too late, as the server has redelivered it');
    contexts[1]?.ack();
    expect(lane.fates).toEqual(['m ack']);
  });

  it('aborts the signal of the first attempt', async () => {
    const rig = new Rig({ binding: { ack: 'manual' }, lane: { redelivery: 'server' } });
    void rig.take(delivery(1));
    await turns();
    const { signal } = rig.contexts[0]!;
    expect(signal.aborted).toBe(false);
    void rig.take(delivery(2));
    expect(signal.reason).toMatchObject({ code: 'MULTI_BROKER_SETTLEMENT' });
  });

  it('counts once, however often it came', async () => {
    const rig = await leftAndDeliveredAgain();
    for (let deliveries = 3; deliveries < 200; deliveries++) {
      void rig.take(delivery(deliveries));
      await turns();
    }
    expect([rig.sink.taken, rig.calls.length]).toEqual([1, 199]);
  });

  it('lets a lane go on that had left as many as may be', async () => {
    const rig = new Rig({ binding: { ack: 'manual' }, lane: { redelivery: 'server' } });
    const sent = (deliveries: number) => Array.from({ length: 600 }, (_, i) => delivery(deliveries, `m${String(i)}`));
    void rig.take(...sent(1));
    await turns();
    const begun = rig.calls.length;
    expect(rig.sink.healthIssues).toEqual([expect.stringContaining('unsettled')]);
    void rig.take(...sent(2).slice(0, begun));
    expect(rig.sink.healthIssues).toEqual([]);
    await turns();
    expect(rig.calls.length).toBe(2 * begun);
  });

  it('is let go of once its lease is over where it fills its lane, which asks for more and settles it no more', async () => {
    const rig = new Rig({
      binding: { ack: 'manual' },
      lane: { redelivery: 'server', leaseMs: 3_000, maxPrefetch: 250 },
    });
    void rig.take(...Array.from({ length: 500 }, (_, i) => delivery(1, `m${String(i)}`)));
    await turns();
    const asked = rig.lane.demanded.length;
    rig.clock.advance(2_000);
    expect([rig.lane.forgotten.length, rig.lane.demanded.length, rig.sink.healthIssues.length]).toEqual([0, asked, 1]);
    rig.clock.advance(2_000);
    expect([rig.lane.forgotten.length, rig.sink.taken, rig.sink.healthIssues]).toEqual([500, 0, []]);
    expect(rig.lane.demanded.slice(asked)).toEqual([expect.any(Number)]);
    rig.contexts[0]?.ack();
    expect([rig.lane.fates, rig.log.lines.join()]).toEqual([[], expect.stringContaining('settled too late')]);
  });

  it('stands with what is at work alone in its health: what waited behind a full lane is given back without a word', async () => {
    const rig = new Rig({
      binding: { ack: 'manual' },
      lane: { redelivery: 'server', leaseMs: 3_000, maxPrefetch: 250 },
    });
    void rig.take(...Array.from({ length: 600 }, (_, i) => delivery(1, `m${String(i)}`)));
    await turns();
    rig.clock.advance(2_000);
    expect(rig.lane.fates).toHaveLength(100);
    expect([rig.sink.healthIssues.length, rig.healthIssues.list()]).toEqual([1, []]);
  });
});

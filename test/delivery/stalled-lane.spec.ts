import { describe, expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { FakeMessage } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const many = (count: number): FakeMessage[] =>
  Array.from({ length: count }, (_, at) => new FakeMessage({ body: String(at), location: `orders[3]@${String(at)}` }));

describe('health of a stalled lane', () => {
  it('names handler, lane, since when, and the message whose settlement by its handler it waits for', async () => {
    const rig = new Rig({
      binding: { ack: 'manual' },
      handle: (body, context) => (body === '0' ? undefined : context.ack()) as undefined,
    });
    void rig.take(...many(600));
    await turns();
    expect(rig.sink.healthIssues).toEqual([
      'Orders.on has been stalled on in[0] since 1970-01-01T00:16:40.000Z: the oldest unsettled message, orders[3]@0, waits for ' +
        'its handler to settle it: context.ack(), nack() or reject(). 500 messages were handled from it on, and 1 of ' +
        'them not settled: nothing more is handled before it is settled',
    ]);
    rig.contexts[0]?.ack();
    await turns();
    expect(rig.sink.healthIssues).toEqual([]);
  });

  it('says where the publish goes that it waits for, once that lasts', async () => {
    const rig = new Rig({
      binding: { routes: [{ broker: 'out', destination: 'q' }] },
      handle: (body) => outgoing(body, body === '0' ? { destination: 'full' } : {}),
    });
    rig.drivers.out.outcome = (_message, to) => (to.address === 'full' ? refused(true) : confirmed);
    void rig.take(...many(600));
    await turns(50);
    expect([rig.calls.length, rig.sink.healthIssues]).toEqual([500, []]);
    for (let past = 0; past < 5_000; past += 100) {
      rig.clock.advance(100);
      await turns();
    }
    expect(rig.sink.healthIssues).toEqual([
      expect.stringContaining("orders[3]@0, waits for the confirmation of its publish to queue full on broker 'out'."),
    ]);
  });

  it('tells a stop by the bytes that the driver counts as one by count', async () => {
    const rig = new Rig({ binding: { ack: 'manual' } });
    void rig.take(...many(90));
    await turns();
    expect(rig.sink.healthIssues).toEqual([]);
    rig.lane.fullBy = '8 MiB';
    expect(rig.sink.healthIssues).toEqual([
      expect.stringContaining(
        '90 messages are handled and not settled (8 MiB): nothing more is handled before some are settled',
      ),
    ]);
  });

  it('tells nothing of a lane that is full for a moment', async () => {
    const rig = new Rig({ handle: () => outgoing('x'), binding: { routes: [{ broker: 'out', destination: 'q' }] } });
    rig.drivers.out.hold = true;
    void rig.take(...many(600));
    await turns(20);
    rig.clock.advance(4_900);
    expect([rig.calls.length, rig.sink.healthIssues]).toEqual([500, []]);
  });
});

describe('a note of a lane', () => {
  it('names a call that lasts while messages wait behind it; that is no issue', async () => {
    const gate = open();
    const rig = new Rig({ handle: () => gate.promise.then(() => undefined) });
    void rig.take(...many(3));
    await turns();
    rig.clock.advance(4_999);
    expect(rig.sink.notes).toEqual([]);
    rig.clock.advance(1);
    expect([rig.sink.healthIssues, rig.sink.notes]).toEqual([
      [],
      [
        'Orders.on has been handling orders[3]@0 of in[0] since 1970-01-01T00:16:40.000Z: it is being handled, its handler has not ' +
          'ended; 2 message(s) wait behind it',
      ],
    ]);
    gate.resolve();
    await turns();
    expect(rig.sink.notes).toEqual([]);
  });

  it('says that a message waits for a further call', async () => {
    const rig = new Rig({
      binding: { retry: { attempts: 3, delayMs: 15_000, factor: 1, maxDelayMs: 30_000, jitter: 0 } },
      handle: () => Promise.reject(new Error('no')),
    });
    void rig.take(...many(2));
    await turns();
    rig.clock.advance(6_000);
    expect(rig.sink.notes).toEqual([expect.stringContaining('waits for a further call of its handler')]);
  });
});

describe('the window of a lane', () => {
  it('is shared where results are published: 2,048 over all lanes, 64 to 500 each', async () => {
    for (const [lanes, share] of [
      [1, 500],
      [4, 500],
      [8, 256],
      [64, 64],
    ] as const) {
      const rig = new Rig({ handle: () => outgoing('x'), binding: { routes: [{ broker: 'out', destination: 'q' }] } });
      rig.drivers.out.hold = true;
      for (let lane = 1; lane < lanes; lane++) rig.open({ name: `in[${String(lane)}]` });
      void rig.take(...many(600));
      await turns(20);
      expect([lanes, rig.calls.length]).toEqual([lanes, share]);
    }
  });

  it('is 500 for each where handlers settle their messages, however many lanes there are', async () => {
    const rig = new Rig({ binding: { ack: 'manual' } });
    for (let lane = 1; lane < 64; lane++) rig.open({ name: `in[${String(lane)}]` });
    void rig.take(...many(600));
    await turns();
    expect(rig.calls).toHaveLength(500);
  });
});

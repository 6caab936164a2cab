import { expect, it } from '@jest/globals';
import type { DeliveryContext } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { FakeMessage, messages } from '../support/fake-lane.js';
import { eventually } from '../support/eventually.js';
import { turns } from '../support/turns.js';

/** A lane whose settlements are looked at even when it is lost. */
function watched(rig: Rig): string[] {
  const settled: string[] = [];
  rig.lane.settle = (message) => settled.push(message.position);
  return settled;
}

it('what waits on it vanishes, and nothing comes after it', async () => {
  const running = open();
  const rig = new Rig({ handle: () => running.promise.then(() => undefined) });
  const settled = watched(rig);
  void rig.take(...messages('a', 'b', 'c'));
  rig.lane.lose();
  expect(rig.sink.taken).toBe(0);
  void rig.take(...messages('d'));
  running.resolve();
  await rig.sink.drained();
  await turns();
  expect([rig.calls, settled]).toEqual([['a'], []]);
});

it('the signal of the running handler aborts, and its result is neither published nor settled nor answered', async () => {
  const running = open();
  let context: DeliveryContext | undefined;
  const rig = new Rig({
    binding: { routes: [{ broker: 'out', destination: 'q' }] },
    handle: (_body, given) => {
      context = given;
      return running.promise.then(() => outgoing('x'));
    },
  });
  const settled = watched(rig);
  void rig.take(...messages('a'));
  const { signal } = context!;
  expect(signal.aborted).toBe(false);
  rig.lane.lose();
  expect(signal.aborted).toBe(true);
  expect((signal.reason as Error).message).toContain('in[0] was taken away');
  running.resolve();
  await rig.sink.drained();
  expect([settled, rig.drivers.out.written]).toEqual([[], []]);
});

it('a signal that is asked for afterwards is aborted', async () => {
  const rig = new Rig({ handle: () => new Promise(() => {}) });
  void rig.take(...messages('a'));
  rig.lane.lose();
  expect(rig.contexts[0]?.signal.aborted).toBe(true);
});

it('the signal of a message that waits to be settled by its handler aborts too, and settles nothing', async () => {
  const rig = new Rig({ binding: { ack: 'manual' } });
  const settled = watched(rig);
  void rig.take(...messages('a'));
  const { signal } = rig.contexts[0]!;
  rig.lane.lose();
  expect(signal.aborted).toBe(true);
  rig.contexts[0]?.ack();
  expect(settled).toEqual([]);
});

it('a publish that is confirmed afterwards settles nothing', async () => {
  const rig = new Rig({ binding: { routes: [{ broker: 'out', destination: 'q' }] }, handle: () => outgoing('x') });
  const settled = watched(rig);
  rig.drivers.out.hold = true;
  void rig.take(...messages('a'));
  await eventually(() => rig.drivers.out.writes.length === 1);
  rig.lane.lose();
  rig.drivers.out.writes[0]?.confirm();
  await rig.sink.drained();
  expect(settled).toEqual([]);
});

it('a failed message is not called again', async () => {
  const rig = new Rig({
    handle: () => {
      throw new Error('no');
    },
  });
  void rig.take(...messages('a'));
  await turns();
  rig.lane.lose();
  await rig.sink.drained();
  rig.clock.advance(60_000);
  await turns();
  expect([rig.calls, rig.clock.pending()]).toEqual([['a'], []]);
});

it('what health says of its messages goes with it', async () => {
  const rig = new Rig({
    handle: () => {
      throw Object.assign(new Error('none'), { retryable: false });
    },
  });
  void rig.take(...messages('a'));
  await turns();
  expect(rig.healthIssues.list()).toHaveLength(1);
  rig.lane.lose();
  await turns();
  expect(rig.healthIssues.list()).toEqual([]);
});

it('a successor is a lane of its own', async () => {
  const rig = new Rig({ handle: (body) => (body === 'a' ? new Promise(() => {}) : undefined) });
  void rig.take(...messages('a'));
  rig.lane.lose();
  const successor = rig.open();
  void rig.sink.take(successor, messages('a2', 'b'));
  await turns();
  expect(successor.fates).toEqual(['a2 ack', 'b ack']);
});

it('a lane that was lost before it opened is nothing', async () => {
  const rig = new Rig();
  rig.lane.lose();
  rig.sink.opened(rig.lane);
  void rig.take(...messages('a'));
  await turns();
  expect([rig.calls, rig.sink.taken]).toEqual([[], 0]);
});

it('what is not redelivered is counted as dropped', () => {
  const rig = new Rig({ lane: { redelivery: 'none', backpressure: false }, handle: () => new Promise(() => {}) });
  void rig.take(...messages('a', 'b', 'c'));
  rig.lane.lose();
  expect(rig.counts.dropped).toBe(2);
});

it('nothing is answered for it', async () => {
  const rig = new Rig({ binding: { routes: [{ broker: 'out', destination: 'q' }] }, handle: () => outgoing('x') });
  rig.drivers.out.hold = true;
  void rig.take(new FakeMessage({ replyTo: 'inbox' }));
  await eventually(() => rig.drivers.out.writes.length === 1);
  rig.lane.lose();
  rig.drivers.out.writes[0]?.confirm();
  await rig.sink.drained();
  await turns();
  expect(rig.drivers.in.written).toEqual([]);
});

it.each(['in-place', 'server', 'none'] as const)(
  'what its handler fails with is neither judged nor told (%s)',
  async (again) => {
    const running = open();
    const rig = new Rig({ lane: { redelivery: again }, handle: () => running.promise.then(() => undefined) });
    void rig.take(...messages('a'));
    rig.lane.lose();
    running.reject(new Error('its socket was closed'));
    await rig.sink.drained();
    expect([rig.log.lines, rig.counts.failed, rig.counts.rejected]).toEqual([[], 0, 0]);
  },
);

it('a further call is not made of a message whose lane is lost while it gets its turn', async () => {
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    let lost = false;
    let late = 0;
    const rig = new Rig({
      lane: { redelivery: 'in-place' },
      handle: () => {
        if (lost) late++;
        throw new Error('no');
      },
    });
    void rig.take(...messages('a'));
    await turns();
    rig.sink.pause();
    rig.clock.advance(100);
    await turns();
    rig.sink.resume();
    for (let each = 0; each < microtasks; each++) await Promise.resolve();
    rig.lane.lose();
    lost = true;
    await rig.sink.drained();
    await turns();
    expect([microtasks, late, rig.counts.running, rig.sink.moving]).toEqual([microtasks, 0, 0, 0]);
  }
});

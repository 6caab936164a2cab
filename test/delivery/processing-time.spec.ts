import { expect, it } from '@jest/globals';
import { outgoing } from '../../lib/driver/index.js';
import { open, Rig } from '../support/delivery-rig.js';
import { messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const binding = { maxProcessingMs: 5_000 };

it('a handler that runs too long is named and its signal aborts; its lane waits, and is well when it ends', async () => {
  const running = open();
  const rig = new Rig({
    binding,
    handle: (body) => (body === 'a' ? running.promise.then(() => undefined) : undefined),
  });
  void rig.take(...messages('a', 'b'));
  const { signal } = rig.contexts[0]!;
  rig.clock.advance(4_999);
  expect([signal.aborted, rig.log.lines]).toEqual([false, []]);
  rig.clock.advance(1);
  expect([signal.aborted, (signal.reason as { code: string }).code]).toEqual([true, 'MULTI_BROKER_PROCESSING_TIMEOUT']);
  expect(rig.log.lines).toEqual([expect.stringContaining('Orders.on runs longer than 5000 ms on in[0]')]);
  expect(rig.healthIssues.list()).toHaveLength(1);
  await turns();
  expect(rig.calls).toEqual(['a']);
  running.resolve();
  await turns();
  expect([rig.calls, rig.healthIssues.list(), rig.clock.pending()]).toEqual([['a', 'b'], [], []]);
  expect(rig.lane.fates).toEqual(['a ack', 'b ack']);
});

it('each call has the whole time, and a signal of its own', async () => {
  const first = open();
  const rig: Rig = new Rig({
    binding,
    handle: () => (rig.calls.length === 1 ? first.promise.then(() => undefined) : new Promise(() => {})),
  });
  void rig.take(...messages('a'));
  const { signal } = rig.contexts[0]!;
  rig.clock.advance(5_000);
  first.reject(new Error('cut off'));
  await turns();
  rig.clock.advance(100);
  await turns();
  expect([signal.aborted, rig.contexts[1]?.signal.aborted]).toEqual([true, false]);
  rig.clock.advance(4_999);
  expect(rig.contexts[1]?.signal.aborted).toBe(false);
  rig.clock.advance(1);
  expect(rig.contexts[1]?.signal.aborted).toBe(true);
});

it('a sequence that stands still is named too', async () => {
  const more = open();
  async function* slow() {
    yield outgoing('1');
    await more.promise;
  }
  const rig = new Rig({ binding, handle: () => slow() });
  void rig.take(...messages('a'));
  await turns();
  rig.clock.advance(5_000);
  expect(rig.log.lines).toHaveLength(1);
  more.resolve();
  await turns();
  expect([rig.lane.fates, rig.healthIssues.list(), rig.clock.pending()]).toEqual([['a ack'], [], []]);
});

it('a promise and the sequence that it gives have the time together, and are named once', async () => {
  const [beginning, more] = [open(), open()];
  async function* slow() {
    yield outgoing('1');
    await more.promise;
  }
  const rig = new Rig({ binding, handle: () => beginning.promise.then(slow) });
  void rig.take(...messages('a', 'b'));
  rig.clock.advance(4_000);
  beginning.resolve();
  await turns();
  rig.clock.advance(999);
  expect(rig.log.lines).toEqual([]);
  rig.clock.advance(1);
  expect(rig.log.lines).toHaveLength(1);
  more.resolve();
  await turns();
  expect([rig.lane.fates, rig.healthIssues.list(), rig.log.lines.length]).toEqual([['a ack', 'b ack'], [], 1]);
});

it('a sequence that begins too late is named no second time, and shows in health until its end', async () => {
  const [beginning, more] = [open(), open()];
  async function* slow() {
    yield outgoing('1');
    await more.promise;
  }
  const rig = new Rig({ binding, handle: () => beginning.promise.then(slow) });
  void rig.take(...messages('a'));
  rig.clock.advance(5_000);
  beginning.resolve();
  await turns();
  rig.clock.advance(0);
  await turns();
  expect([rig.log.lines.length, rig.healthIssues.list().length]).toEqual([1, 1]);
  more.resolve();
  await turns();
  expect([rig.lane.fates, rig.healthIssues.list()]).toEqual([['a ack'], []]);
});

it('a handler that ends at once sets no timer', () => {
  const rig = new Rig({ binding });
  void rig.take(...messages('a'));
  expect(rig.clock.pending()).toEqual([]);
});

it('a promise of another library is watched too', async () => {
  const running = open();
  const foreign = { then: running.promise.then.bind(running.promise) } as unknown as Promise<undefined>;
  const rig = new Rig({ binding, handle: () => foreign });
  void rig.take(...messages('a'));
  rig.clock.advance(5_000);
  expect(rig.log.lines).toHaveLength(1);
  running.resolve();
  await turns();
  expect([rig.lane.fates, rig.clock.pending()]).toEqual([['a ack'], []]);
});

it('a call that runs too long aborts no signal but its own', async () => {
  const rig = new Rig({
    binding,
    handle: async () => {
      if (rig.calls.length === 1) throw new Error('no');
      await open().promise;
      return undefined;
    },
  });
  void rig.take(...messages('a'));
  const { signal } = rig.contexts[0]!;
  await turns();
  rig.clock.advance(100);
  await turns();
  rig.clock.advance(5_000);
  expect([signal.aborted, rig.contexts[1]?.signal.aborted]).toEqual([false, true]);
});

import { describe, expect, it } from '@jest/globals';
import { open, Rig, type RigOptions } from '../support/delivery-rig.js';
import { FakeMessage, messages } from '../support/fake-lane.js';
import { turns } from '../support/turns.js';

const core = { redelivery: 'none', backpressure: false } as const;

const asking = (...bodies: readonly string[]): FakeMessage[] =>
  bodies.map((body) => new FakeMessage({ body, replyTo: `inbox.${body}` }));

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** A handler whose calls end when the test says so. */
function rigOfOpenCalls(options: RigOptions = {}) {
  const calls = new Map<string, ReturnType<typeof open<undefined>>>();
  const handle = (body: string): Promise<undefined> => {
    const call = open<undefined>();
    calls.set(body, call);
    return call.promise;
  };
  return { rig: new Rig({ lane: core, ...options, handle }), calls };
}

describe('messages that ask for an answer, where nothing is redelivered (core NATS)', () => {
  it('are handled side by side: a slow one keeps no other waiting', async () => {
    const { rig, calls } = rigOfOpenCalls();
    void rig.take(...asking('slow', 'fast'));
    await turns();
    expect(rig.calls).toEqual(['slow', 'fast']);
    calls.get('fast')!.resolve(undefined);
    await turns();
    expect(rig.lane.fates).toEqual(['fast ack']);
  });

  it('are so 64 at a time by default; the next one begins when one of them is over', async () => {
    const { rig, calls } = rigOfOpenCalls({ binding: { reply: true } });
    void rig.take(...asking(...numbers(70)));
    await turns();
    expect([rig.calls.length, rig.counts.running]).toEqual([64, 64]);
    calls.get('40')!.resolve(undefined);
    await turns();
    expect(rig.calls.slice(64)).toEqual(['64']);
    expect(rig.counts.running).toBe(64);
  });

  it.each([1, 3])('are so as many at a time as the binding says (%i)', async (concurrency) => {
    const { rig } = rigOfOpenCalls({ binding: { requests: { concurrency, attempts: 1 } } });
    void rig.take(...asking(...numbers(5)));
    await turns();
    expect(rig.calls).toHaveLength(concurrency);
  });

  it('count until they are answered: a target that is down lets no more of them begin', async () => {
    const rig = new Rig({
      lane: core,
      handle: (body) => ({ payload: body }) as never,
      binding: { requests: { concurrency: 2, attempts: 1 }, routes: [{ broker: 'out', destination: 'q' }] },
    });
    rig.drivers.out.hold = true;
    void rig.take(...asking('a', 'b', 'c'));
    await turns();
    expect(rig.calls).toEqual(['a', 'b']);
    rig.drivers.out.writes[0]?.confirm();
    await turns();
    expect(rig.calls).toEqual(['a', 'b', 'c']);
  });

  it('keep their place behind what asks for none: it is handled before they begin, and waits for none of them', async () => {
    const { rig, calls } = rigOfOpenCalls();
    void rig.take(...asking('ask'), ...messages('one', 'two'), ...asking('later'));
    await turns();
    expect(rig.calls).toEqual(['ask', 'one']);
    calls.get('one')!.resolve(undefined);
    await turns();
    expect(rig.calls).toEqual(['ask', 'one', 'two']);
    calls.get('two')!.resolve(undefined);
    await turns();
    expect(rig.calls).toEqual(['ask', 'one', 'two', 'later']);
  });

  it('stay in order for a handler that says it does not answer, and for one that has returned nothing to one', async () => {
    const listener = rigOfOpenCalls({ binding: { reply: false } });
    void listener.rig.take(...asking('a', 'b'));
    const auditor = rigOfOpenCalls();
    void auditor.rig.take(...asking('first'));
    await turns();
    auditor.calls.get('first')!.resolve(undefined);
    await turns();
    void auditor.rig.take(...asking('a', 'b'));
    await turns();
    expect([listener.rig.calls, auditor.rig.calls]).toEqual([['a'], ['first', 'a']]);
  });

  it('are handled to the end by a stop, those that wait included', async () => {
    const { rig, calls } = rigOfOpenCalls({ binding: { requests: { concurrency: 2, attempts: 1 } } });
    void rig.take(...asking('a', 'b', 'c'));
    await turns();
    rig.sink.stopCalling();
    let drained = false;
    void rig.sink.drained().then(() => (drained = true));
    for (const body of ['a', 'b', 'c']) {
      expect(drained).toBe(false);
      calls.get(body)!.resolve(undefined);
      await turns();
    }
    expect([drained, rig.counts.running]).toEqual([true, 0]);
  });

  it('begin none while their subscription is paused', async () => {
    const { rig } = rigOfOpenCalls();
    rig.sink.pause();
    void rig.take(...asking('a', 'b'));
    await turns();
    expect(rig.calls).toEqual([]);
    rig.sink.resume();
    await turns();
    expect(rig.calls).toEqual(['a', 'b']);
  });

  it('are named when they are abandoned, each with its signal aborted', async () => {
    const { rig } = rigOfOpenCalls();
    void rig.take(...asking('a', 'b'));
    await turns();
    const signals = rig.contexts.map(({ signal }) => signal);
    expect(rig.sink.abandon()).toEqual(['Orders.on (a)', 'Orders.on (b)']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('are bounded and dropped as all others are', async () => {
    const { rig } = rigOfOpenCalls({ lane: { ...core, pendingBytesLimit: 10 } });
    const big = asking('a', 'b', 'c').map((message) => Object.assign(message, { bytes: 8 }));
    void rig.take(...big);
    await turns();
    expect([rig.calls, rig.counts.dropped]).toEqual([['a'], 2]);
  });

  it('that let nothing more begin for long are told in notes, and degrade nothing', async () => {
    const { rig } = rigOfOpenCalls({ binding: { requests: { concurrency: 1, attempts: 1 } } });
    void rig.take(...asking('a', 'b'));
    await turns();
    rig.clock.advance(6_000);
    expect(rig.sink.healthIssues).toEqual([]);
    expect(rig.sink.notes).toEqual([expect.stringContaining('Orders.on has been handling a of in[0] since')]);
    expect(rig.sink.notes[0]).toContain('1 message(s) wait behind it');
  });

  it('move while their handlers run', async () => {
    const { rig, calls } = rigOfOpenCalls();
    void rig.take(...asking('a', 'b'));
    await turns();
    expect(rig.sink.moving).toBe(2);
    for (const call of calls.values()) call.resolve(undefined);
    await turns();
    expect(rig.sink.moving).toBe(0);
  });

  it.each(['in-place', 'server'] as const)('are handled in order where they are kept (%s)', async (again) => {
    const { rig } = rigOfOpenCalls({ lane: { redelivery: again } });
    void rig.take(...asking('a', 'b'));
    await turns();
    expect(rig.calls).toEqual(['a']);
  });
});

describe('the call of a handler that was asked', () => {
  const handle = (): never => {
    throw new Error('no such order');
  };
  const requests = { concurrency: 64, attempts: 1 };

  it('is not made again in place: who asked is told of the failure at once', async () => {
    const rig = new Rig({ lane: core, handle, binding: { requests } });
    void rig.take(...asking('a'));
    await turns();
    expect(rig.calls).toEqual(['a']);
    const headers = { 'multi-broker-error': 'no such order' };
    expect(rig.drivers.in.writes).toMatchObject([{ batch: [{ headers }] }]);
  });

  it('is made again as often as the binding says, and keeps no other waiting meanwhile', async () => {
    const rig = new Rig({ lane: core, handle, binding: { requests: { concurrency: 64, attempts: 2 } } });
    void rig.take(...asking('a', 'b'));
    await turns();
    expect(rig.calls).toEqual(['a', 'b']);
    rig.clock.advance(100);
    await turns();
    expect(rig.calls).toEqual(['a', 'b', 'a', 'b']);
  });

  it('is made again as any other where its failure is not answered', async () => {
    const rig = new Rig({ lane: core, handle, binding: { requests, reply: false } });
    void rig.take(...asking('a'));
    await turns();
    rig.clock.advance(100);
    await turns();
    expect(rig.calls).toEqual(['a', 'a']);
  });
});

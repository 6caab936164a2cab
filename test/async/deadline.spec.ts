import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Deadline, untilAborted } from '../../lib/async/deadline.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { open } from '../support/delivery-rig.js';
import { turns } from '../support/turns.js';

function deadline(ms = 1_000): { clock: VirtualClock; end: Deadline } {
  const clock = new VirtualClock(0);
  return { clock, end: new Deadline(clock, ms, () => new Error('over')) };
}

describe('a deadline', () => {
  it('aborts its signal with its reason, in time', () => {
    const { clock, end } = deadline();
    clock.advance(999);
    expect([end.signal.aborted, end.leftMs]).toEqual([false, 1]);
    clock.advance(1);
    expect([end.signal.aborted, end.leftMs]).toEqual([true, 0]);
    expect(end.signal.reason).toEqual(new Error('over'));
  });

  it('may be ended early, and needs no timer any more', () => {
    const { clock, end } = deadline();
    end.abort(() => new Error('stop'));
    expect([end.signal.reason, clock.pending()]).toEqual([new Error('stop'), []]);
  });

  it('that is cleared never aborts', () => {
    const { clock, end } = deadline();
    end.clear();
    clock.advance(2_000);
    expect([end.signal.aborted, clock.pending()]).toEqual([false, []]);
  });

  it('gives what comes within it, or undefined', async () => {
    const { clock, end } = deadline();
    expect(await end.within(Promise.resolve(7))).toBe(7);
    await expect(end.within(Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(getEventListeners(end.signal, 'abort')).toEqual([]);
    const late = end.within(new Promise(() => {}));
    clock.advance(1_000);
    expect(await late).toBeUndefined();
    expect(await end.within(Promise.resolve(7))).toBeUndefined();
  });

  it('takes no notice of what fails too late: it must not end the process', async () => {
    const { clock, end } = deadline();
    const failing = open();
    const late = end.within(failing.promise);
    clock.advance(1_000);
    await late;
    failing.reject(new Error('late'));
    expect(await end.within(Promise.reject(new Error('later still')))).toBeUndefined();
    await turns();
  });
});

describe('what is cut short by a signal', () => {
  it('is as it is, where the signal does not abort', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects with the reason at once, aborted before or during', async () => {
    const controller = new AbortController();
    const during = untilAborted(new Promise(() => {}), controller.signal);
    controller.abort(new Error('cut'));
    await expect(during).rejects.toThrow('cut');
    await expect(untilAborted(new Promise(() => {}), controller.signal)).rejects.toThrow('cut');
  });
});

import { getMaxListeners } from 'node:events';
import { expect, it, jest } from '@jest/globals';
import { LazyAbortController, onAbort } from '../../lib/async/index.js';

it('its signal aborts with the reason, made when somebody looks', () => {
  const why = jest.fn(() => new Error('over'));
  const early = new LazyAbortController();
  const { signal } = early;
  expect([early.aborted, signal.aborted]).toEqual([false, false]);
  early.abort(why);
  expect([early.aborted, signal.aborted, signal.reason]).toEqual([true, true, new Error('over')]);
  expect(early.signal).toBe(signal);

  why.mockClear();
  const late = new LazyAbortController();
  late.abort(why);
  expect([late.aborted, why.mock.calls.length]).toEqual([true, 0]);
  expect([late.signal.aborted, late.signal.reason]).toEqual([true, new Error('over')]);
});

it('it aborts once, with the first reason', () => {
  const controller = new LazyAbortController();
  controller.abort(() => 'first');
  controller.abort(() => 'second');
  expect(controller.signal.reason).toBe('first');
});

it('listeners are called once, and not when they were taken back', () => {
  const controller = new LazyAbortController();
  const [heard, forgotten] = [jest.fn(), jest.fn()];
  controller.onAbort(heard);
  controller.onAbort(forgotten)();
  controller.abort(() => 'over');
  controller.abort(() => 'over');
  expect([heard.mock.calls.length, forgotten.mock.calls.length]).toEqual([1, 0]);
});

it('any number may listen to its signal, without a warning of a leak', () => {
  expect(getMaxListeners(new LazyAbortController().signal)).toBe(Infinity);
});

it.each([
  ['its own signal', (): [AbortSignal, () => void] => abortable(new LazyAbortController())],
  ["Node's signal", (): [AbortSignal, () => void] => abortable(new AbortController())],
])('%s tells a listener once, with the reason known, and not one that was taken back', (_, make) => {
  const [signal, abort] = make();
  const [heard, forgotten] = [jest.fn(() => signal.reason as unknown), jest.fn()];
  onAbort(signal, heard);
  onAbort(signal, forgotten)();
  abort();
  abort();
  onAbort(signal, forgotten);
  expect(heard.mock.results.map(({ value }) => value)).toEqual(['over']);
  expect(forgotten).not.toHaveBeenCalled();
});

function abortable(controller: LazyAbortController | AbortController): [AbortSignal, () => void] {
  const abort = (): void =>
    controller instanceof LazyAbortController ? controller.abort(() => 'over') : controller.abort('over');
  return [controller.signal, abort];
}

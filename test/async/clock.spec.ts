import { expect, it, jest } from '@jest/globals';
import { systemClock } from '../../lib/async/index.js';

it.each([Infinity, 2 ** 31])('a time of %d ms, beyond the longest timer of Node, is not over at once', async (ms) => {
  const over = jest.fn();
  const cancel = systemClock.after(ms, over);
  // Set later and longer than the 1 ms that Node makes of it.
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  cancel();
  expect(over).not.toHaveBeenCalled();
});

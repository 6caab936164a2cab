import { expect, it } from '@jest/globals';
import { Backoff, doubled } from '../../lib/async/index.js';

it('a backoff doubles its waits up to the longest, and begins again after a reset', () => {
  const backoff = new Backoff(500, 3_000);
  expect(Array.from({ length: 5 }, () => backoff.next())).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

it('a retry that is counted elsewhere waits as long as its backoff would, however often it was tried', () => {
  expect([1, 2, 3, 4, 100, 10_000].map((time) => doubled(50, time, 300))).toEqual([50, 100, 200, 300, 300, 300]);
});

import type { Binding } from './binding.js';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long a failed message waits before it comes again: 1 s, doubling to 30 s. `round` counts from 1. */
export function comesAgainInMs(round: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(round - 1, 10), LONGEST_MS);
}

/** How long a publish waits before it is tried again: 50 ms, doubling to 2 s. `tries` counts from 1. */
export function publishAgainInMs(tries: number): number {
  return Math.min(50 * 2 ** Math.min(tries - 1, 10), 2_000);
}

/** How long a call in place waits after the `call`-th one (from 1) failed, in milliseconds. */
export function retryDelayMs(retry: Binding['retry'], call: number): number {
  // 0 times an Infinity of many calls is no number.
  const planned = retry.delayMs === 0 ? 0 : Math.min(retry.delayMs * retry.factor ** (call - 1), retry.maxDelayMs);
  return planned * (1 - retry.jitter * Math.random());
}

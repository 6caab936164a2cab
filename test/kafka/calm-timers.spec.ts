import { expect, it } from '@jest/globals';
// kafkajs has no types for its insides.
// @ts-expect-error -- it has no types
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

import { calmTimers } from '../../lib/kafka/driver/client/calm-timers.js';

const timerOfIdleQueue = (): unknown => {
  const queue = new RequestQueue({
    requestTimeout: 1_000,
    clientId: 'c',
    broker: 'b',
    logger: { debug: () => undefined },
  });
  queue.scheduleCheckPendingRequests();
  const timer: unknown = queue.throttleCheckTimeoutId;
  queue.destroy();
  return timer;
};

it('calmed, a connection on which nothing waits sets no timer (kafkajs #1556)', async () => {
  const before = timerOfIdleQueue();
  expect(await calmTimers()).toBe(true);
  expect([before === null, timerOfIdleQueue()]).toEqual([false, null]);
});

it('what is not the code that it was written for stays as it is', async () => {
  const other = { default: { prototype: { scheduleCheckPendingRequests: () => undefined } } };
  const before = other.default.prototype.scheduleCheckPendingRequests;
  expect(await calmTimers(() => Promise.resolve(other))).toBe(false);
  expect(other.default.prototype.scheduleCheckPendingRequests).toBe(before);
});

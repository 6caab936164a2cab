import { afterEach, beforeEach, expect, it } from '@jest/globals';

const { setTimeout: startTimer } = globalThis;

beforeEach(() => {
  globalThis.setTimeout = (() => 1) as unknown as typeof setTimeout;
});

afterEach(() => {
  globalThis.setTimeout = startTimer;
});

it('deliveries are no longer observed, also where the timers are those of a browser, which are numbers', async () => {
  const { observeDeliveries, observedApplications } = await import('../../lib/delivery/observe.js');
  const end = observeDeliveries({}, {} as never);
  end();
  expect(observedApplications()).toBe(0);
});

import { describe, expect, it } from '@jest/globals';

import { type BrokerStartError, MultiBrokerError } from '../../lib/errors/index.js';
import { errorOf, LifecycleRig, stateOf } from '../support/lifecycle-rig.js';

const notThere = (retryable: boolean): Promise<never> =>
  Promise.reject(new MultiBrokerError('MULTI_BROKER_CONNECT_FAILED', 'ECONNREFUSED', { retryable }));

/** `events` is not there until `comeUp`. */
function rigWith({ refusing = false } = {}): { rig: LifecycleRig; comeUp: () => void; tries: () => number } {
  let up = false;
  let tries = 0;
  const rig = new LifecycleRig({
    brokers: ['orders', 'events'],
    prepare: ({ name, gates }) => {
      if (name === 'orders' && refusing) gates.connect = () => notThere(false);
      if (name !== 'events') return;
      tries++;
      if (!up) gates.connect = () => notThere(true);
    },
  });
  return { rig, comeUp: () => (up = true), tries: () => tries };
}

describe('a start whose server is not there yet', () => {
  it('waits for it, tells that once, and goes on when it is there', async () => {
    const { rig, comeUp } = rigWith();
    const started = rig.multi.start();
    await rig.advance(10_000);
    expect(await stateOf(started)).toBe('open');
    comeUp();
    await rig.advance(2_000);
    expect([await stateOf(started), rig.multi.health().status]).toEqual(['done', 'up']);
    const told = rig.log.lines.filter((line) => line.includes('ECONNREFUSED') && !line.startsWith('debug'));
    expect(told).toEqual([expect.stringMatching(/^warn.*'events' is not up yet, retrying until the start times out/)]);
    expect(rig.clock.pending()).toEqual([]);
  });

  it('dials with growing waits, and fails at its deadline with the reason', async () => {
    const { rig, tries } = rigWith();
    const started = rig.multi.start();
    const failure = errorOf(started);
    await rig.advance(30_000);
    const error = (await failure) as BrokerStartError;
    expect(error.failures).toMatchObject([
      {
        broker: 'events',
        error: { code: 'MULTI_BROKER_CONNECT_FAILED', message: expect.stringContaining('ECONNREFUSED') },
      },
    ]);
    expect(tries()).toBeGreaterThan(10);
    expect(tries()).toBeLessThan(25);
    expect(rig.clock.pending()).toEqual([]);
  });

  it('does not wait where another one cannot be connected for good, and names both', async () => {
    const { rig } = rigWith({ refusing: true });
    const error = (await errorOf(rig.multi.start())) as BrokerStartError;
    expect(error.failures.map(({ broker }) => broker)).toEqual(['orders', 'events']);
    expect(rig.clock.pending()).toEqual([]);
  });

  it('ends with a stop at once', async () => {
    const { rig } = rigWith();
    const failure = errorOf(rig.multi.start());
    await rig.advance(5_000);
    await rig.multi.stop();
    expect(await failure).toBeDefined();
    expect(rig.clock.pending()).toEqual([]);
  });

  it('is waited for by a publish before the start too, which goes out then', async () => {
    const { rig, comeUp } = rigWith();
    const published = rig.multi.get('events').publish('q', 'x');
    await rig.advance(3_000);
    expect(await stateOf(published)).toBe('open');
    comeUp();
    await rig.advance(2_000);
    expect(await stateOf(published)).toBe('done');
    await rig.multi.stop();
  });
});

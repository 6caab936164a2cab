import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../lib/async/index.js';
import type { BrokerDefinition, Driver, Finding } from '../../lib/driver/index.js';
import { inspect } from '../../lib/lifecycle/index.js';

const nothing = (): void => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** On which everything is at once too late. */
const clock: Clock = {
  now: () => 0,
  after: (_ms, then) => {
    then();
    return nothing;
  },
};
const missing: Finding = { problem: 'missing', what: 'topic', name: 'incoming', text: 'not there' };
const never = (): Promise<never> => new Promise(nothing);

/** What is found by a driver, of which a test says what it does otherwise. */
function found(driver: Partial<Driver>, signal = new AbortController().signal) {
  const made = { inspect: () => Promise.resolve([missing]), close: () => Promise.resolve(), ...driver };
  const definition = { name: 'orders', driver: () => Promise.resolve(made) } as unknown as BrokerDefinition;
  return inspect(definition, { sources: [], destinations: [], answered: [] }, { clock, log }, signal);
}

describe('a comparison', () => {
  it.each<[string, () => Promise<void>]>([
    ['never ends', never],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
  ])('has its findings where the close of the driver %s', async (_what, close) => {
    expect(await found({ close })).toEqual([missing]);
  });

  it('ends by its signal where the driver does not obey it', async () => {
    const late = new Error('late');
    await expect(found({ inspect: never }, AbortSignal.abort(late))).rejects.toBe(late);
  });
});

import { describe, expect, it } from '@jest/globals';
import { type MultiBrokerOptions, resolveOptions } from '../../lib/lifecycle/index.js';
import { errorOf, LifecycleRig } from '../support/lifecycle-rig.js';

const names = ['autoStart', 'inMemory', 'startTimeoutMs', 'shutdownTimeoutMs', 'allowLateBrokers', 'maxHops'] as const;

describe('an option of the module', () => {
  it.each(names)('%s that is undefined has its default: configuration that is not set', (name) => {
    const given = { [name]: undefined } as MultiBrokerOptions;
    expect(resolveOptions(given)).toEqual(resolveOptions());
  });

  it.each([
    [{ startTimeoutMs: NaN }, 'the option startTimeoutMs must be more than 0, not NaN'],
    [{ startTimeoutMs: 0 }, 'the option startTimeoutMs must be more than 0, not 0'],
    [{ shutdownTimeoutMs: -1 }, 'the option shutdownTimeoutMs must be 0 or more, not -1'],
    [{ shutdownTimeoutMs: '10' as unknown as number }, 'the option shutdownTimeoutMs must be 0 or more, not "10"'],
    [{ maxHops: 0.5 }, 'the option maxHops must be a whole number from 1, not 0.5'],
  ])('that makes no sense is a wiring problem: %j', async (options, told) => {
    const rig = new LifecycleRig({ brokers: ['orders'], options });
    const error = await errorOf(rig.multi.start());
    expect([(error as { code?: string }).code, error.message]).toEqual([
      'MULTI_BROKER_WIRING',
      expect.stringContaining(told),
    ]);
    expect(rig.made('orders')).toBe(0);
  });

  it('may be Infinity where it is a time', async () => {
    const rig = new LifecycleRig({ options: { startTimeoutMs: Infinity, shutdownTimeoutMs: Infinity } });
    await rig.multi.start();
    await rig.multi.stop();
  });
});

import { afterEach, expect, it } from '@jest/globals';
import type { Io } from '../../lib/driver/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import type { TestingOptions } from '../../lib/testing/index.js';
import { seedOf } from '../../lib/twin/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

afterEach(closeTestApps);

/** The seed that the twins of two brokers see. */
async function seeds(options: TestingOptions): Promise<number[]> {
  const seen: number[] = [];
  const definitions = ['one', 'other'].map((name) => {
    const definition = natsBroker({ name, client: {} });
    const twin = async () => {
      const driver = await definition.twin();
      const connect = driver.connect.bind(driver);
      driver.connect = (io: Io, signal) => {
        seen.push(seedOf(io));
        return connect(io, signal);
      };
      return driver;
    };
    return { ...definition, twin };
  });
  await testApp([], { definitions, ...options });
  return seen;
}

it('the seed of a testing module reaches every twin, on whichever bus; without one it is 1', async () => {
  expect(await seeds({ seed: 42 })).toEqual([42, 42]);
  expect(await seeds({ seed: 42, bus: 'by-broker' })).toEqual([42, 42]);
  expect(await seeds({})).toEqual([1, 1]);
});

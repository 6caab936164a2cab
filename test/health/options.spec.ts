import { afterEach, expect, it } from '@jest/globals';
import { MultiBrokerHealthIndicator, MultiBrokerHealthModule } from '../../lib/health/index.js';
import { HandlerExplorer } from '../../lib/handlers/index.js';
import { ModulesContainer } from '@nestjs/core';
import { closeHttpApps, httpAppOnTwins } from '../support/http-app.js';
import { closeTestApps, testApp } from '../support/test-app.js';
import { healthController, healthImports } from './support.js';

afterEach(closeTestApps);
afterEach(closeHttpApps);

it.each<[what: string, options: object, error: string]>([
  ['the nearest name of an unknown broker', { brokers: ['orders', 'event'] }, "did you mean 'events'?"],
  ['the nearest name of an unknown option', { failon: 'down' }, "did you mean 'failOn'?"],
  ['a status that there is not', { failOn: 'up' }, "must be 'down' or 'degraded'"],
  ['a lag that is no number', { maxLag: '10' }, 'must be a number of messages'],
  ['a lag below 0', { maxLag: -1 }, 'must be a number of messages'],
  ['a list of no brokers, which would check nothing', { brokers: [] }, 'at least one'],
  ['a name in place of a list', { brokers: 'orders' }, 'a list of names'],
])('isHealthy() rejects with %s', async (_what, options, error) => {
  const app = await testApp([], { imports: [MultiBrokerHealthModule] });
  const check = app.get(MultiBrokerHealthIndicator).isHealthy('brokers', options);
  await expect(check).rejects.toThrow(error);
});

it('a probe with a name that does not exist is an error of the server, not of the brokers', async () => {
  const controllers = [healthController({ brokers: ['evens'] })];
  const { get } = await httpAppOnTwins({ controllers, imports: healthImports });
  expect((await get('/ready')).status).toBe(500);
});

it('the indicator does not make the library expect that its class publishes', async () => {
  const { moduleRef } = await testApp([], { imports: [MultiBrokerHealthModule] });
  const explorer = new HandlerExplorer(moduleRef.get(ModulesContainer), { globalEnhancers: () => true, warn() {} });
  expect(explorer.explore().publishesAnywhere).toBe(false);
});

import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Subscribe } from '../../lib/index.js';
import { BrokerRuntime } from '../../lib/lifecycle/index.js';
import type { TestRuntime } from '../../lib/testing/test-runtime.js';
import { closeTestApps, testApp } from '../support/test-app.js';

// Nest's part of a test module's time grows by a tenth with each module, and by a hundredth with each provider.

@Injectable()
class Handlers {
  @Subscribe('orders', 'incoming')
  @Subscribe('events', 'incoming')
  on() {}
}

afterEach(closeTestApps);

it('the brokers of an application are two Nest modules, with eight providers beside those of every module', async () => {
  // Without the AppModule.
  const plain = await Test.createTestingModule({ imports: [] }).compile();
  const { moduleRef } = await testApp([Handlers]);
  const [without, modules] = [plain.get(ModulesContainer), moduleRef.get(ModulesContainer)];
  expect(modules.size - without.size - 1).toBe(2);
  const ours = [...modules.values()].filter(({ name }) => name.startsWith('MultiBroker'));
  const ofEveryModule = 3;
  expect(ours.reduce((sum, { providers }) => sum + providers.size - ofEveryModule, 0)).toBeLessThanOrEqual(8);
});

it('Nest resolves two factories for brokers that nothing injects, and has the rest as values', async () => {
  const { moduleRef } = await testApp([Handlers]);
  const ours = [...moduleRef.get(ModulesContainer).values()].filter(({ name }) => name.startsWith('MultiBroker'));
  const wrappers = ours.flatMap(({ providers }) => [...providers.values()]);
  expect(wrappers.filter(({ inject }) => Array.isArray(inject))).toHaveLength(2);
});

it('a start asks for no turn of the event loop while no message waits', async () => {
  const { moduleRef } = await testApp([Handlers]);
  expect(moduleRef.get<TestRuntime>(BrokerRuntime as never, { strict: false }).turns.busy).toBe(false);
});

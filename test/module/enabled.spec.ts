import { Injectable, Logger, Module } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fromConfig, Payload, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const told: string[] = [];
const write = (message: unknown): void => {
  told.push(String(message));
};
beforeEach(() => {
  told.length = 0;
});
afterEach(async () => {
  await closeTestApps();
  Logger.overrideLogger(new Logger());
});

@Injectable()
class Features {
  constructor(readonly refunds: boolean) {}
}

@Injectable()
class Orders {
  @Subscribe('orders', 'refunded', { enabled: fromConfig(Features, (features) => features.refunds) })
  onRefund(@Payload() _text: string) {}

  @Subscribe('orders', 'created')
  onCreated(@Payload() _text: string) {}
}

async function app(refunds: boolean) {
  @Module({ providers: [{ provide: Features, useValue: new Features(refunds) }], exports: [Features] })
  class FeaturesModule {}
  const built = await testApp([Orders, { provide: 'HOOK', useFactory: () => hear() }], { imports: [FeaturesModule] });
  await built.harness.publish('orders', 'refunded', 'x');
  await built.harness.publish('orders', 'created', 'x');
  return built.harness.deliveries().map(({ handler }) => handler);
}

function hear(): void {
  Logger.overrideLogger({ log: write, warn: write, error: write });
}

it('a handler that the configuration leaves out reads nothing, and the start says so once', async () => {
  expect(await app(false)).toEqual(['Orders.onCreated']);
  expect(told.filter((line) => line.includes('onRefund'))).toEqual([
    "Orders.onRefund does not read refunded of broker 'orders': enabled is false",
  ]);
});

it('a handler that the configuration lets in reads as any other', async () => {
  expect(await app(true)).toEqual(['Orders.onRefund', 'Orders.onCreated']);
  expect(told.filter((line) => line.includes('does not read'))).toEqual([]);
});

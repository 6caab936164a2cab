import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { type Broker, InjectBroker } from '../../lib/index.js';
import { telemetryRig } from '../support/telemetry/telemetry-app.js';
import { closeTestApps } from '../support/test-app.js';

const rig = telemetryRig();

@Injectable()
class Farewell implements OnApplicationShutdown {
  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  async onApplicationShutdown(): Promise<void> {
    await this.orders.publish('out', 'bye');
  }
}

@Module({ providers: [Farewell] })
class Deepest {}

/** Nest shuts modules down by their distance from the root: its provider after the telemetry, which is nearer. */
@Module({ imports: [Deepest] })
class Deep {}

it('what other modules publish while an application shuts down is counted', async () => {
  const { broker } = await rig.app([], { imports: [Deep] });
  await broker('orders').publish('out', 'hello');
  // Nest 11 calls the hooks again where an application is closed twice.
  await closeTestApps();
  const received = await rig.received();
  const sums = ['sent.messages', 'operation.duration'].map((name) =>
    received.pointsOf(`messaging.client.${name}`).reduce((sum, { value }) => sum + value, 0),
  );
  expect(sums).toEqual([2, 2]);
});

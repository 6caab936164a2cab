import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';
import { AppModule } from './app.module.js';
import { Bridge } from './bridge.js';

/** One spec, two ways to run it: on twins, and with `BROKERS=real` on Kafka and NATS. */
const real = process.env['BROKERS'] === 'real';

let moduleRef: TestingModule;
let harness: MultiBrokerHarness;

beforeEach(async () => {
  moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule.configure({ real, timeoutMs: 20_000 }))
    .compile();
  await moduleRef.init();
  harness = moduleRef.get(MultiBrokerHarness);
}, 60_000);

afterEach(() => moduleRef.close(), 60_000);

describe('the bridge', () => {
  it('brings what arrives at Kafka to NATS', async () => {
    const fromNats = harness.handler(Bridge, 'fromNats');
    // Kafka keeps what earlier runs published, so each has a text of its own.
    const text = `Hi! It is ${new Date().toISOString()}`;
    await harness.publish('orders', 'incoming', text);
    // On twins this holds already.
    await harness.waitFor(() => fromNats.mock.calls.some(([seen]) => seen === text));
    await harness.settled();

    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith(text);
    expect(harness.published('events', 'outgoing')).toContainEqual(expect.objectContaining({ payload: text }));
    expect(harness.deliveries({ handler: 'Bridge.fromNats' })).toContainEqual(
      expect.objectContaining({ payload: text, outcome: 'acked' }),
    );
  }, 60_000);
});

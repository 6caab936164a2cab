import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';
import { AppModule } from './app.module.js';
import { DeadLetterDesk } from './dead-letter-desk.js';
import { Payments } from './payments.js';

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

describe('a payment in a currency without an account', () => {
  it('is parked, listed, and booked by a redrive once there is one', async () => {
    const [payments, desk] = [moduleRef.get(Payments), moduleRef.get(DeadLetterDesk)];
    // The servers keep what earlier runs published, so each has an id of its own.
    const id = `payment-${Date.now().toString(36)}`;
    await harness.publish('shop', 'sample-payments', { id, amount: 10, currency: 'USD' });
    const isMine = ({ body }: { body: Uint8Array | null }) => Buffer.from(body ?? []).includes(id);
    await harness.waitFor(() => harness.deliveries({ outcome: 'dead-lettered' }).length > 0);

    const letters = (await desk.list()).filter(isMine);
    expect(letters).toMatchObject([
      { handler: 'Payments.book', attempts: 2, error: { message: 'no account for USD' } },
    ]);

    payments.currencies.add('USD');
    expect(await desk.redrive('Payments.book')).toMatchObject({ failed: 0 });
    expect(payments.booked).toContain(id);
  }, 60_000);
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Broker, getBrokerToken, InjectBroker, MultiBrokerModule, Payload, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../lib/testing/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const client = { brokers: ['localhost:9092'] };

@Injectable()
class Handlers {
  readonly seen: string[] = [];

  constructor(@InjectBroker('feature') readonly feature: Broker) {}

  @Subscribe('orders', 'incoming')
  @Subscribe('feature', 'incoming')
  on(@Payload() text: string) {
    this.seen.push(text);
  }
}

@Module({ imports: [MultiBrokerModule.forFeature([natsBroker({ name: 'feature', client: {} })])] })
class FeatureModule {}

@Module({
  imports: [
    FeatureModule,
    MultiBrokerModule.forRootAsync([
      { name: 'orders', useFactory: () => kafkaBroker({ name: 'orders', groupId: 'g', client }) },
    ]),
  ],
  providers: [Handlers],
})
class AppModule {}

function builder() {
  return Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule);
}

afterEach(closeTestApps);

describe('MultiBrokerTestingModule', () => {
  it('replaces brokers of forRootAsync() and forFeature() too', async () => {
    const moduleRef = await builder().compile();
    await moduleRef.init();
    const harness = moduleRef.get(MultiBrokerHarness);
    await harness.publish('orders', 'incoming', 'a');
    await harness.publish('feature', 'incoming', 'b');
    expect(moduleRef.get(Handlers).seen).toEqual(['a', 'b']);
    await moduleRef.close();
  });

  it('lets a broker be replaced by hand beside it', async () => {
    const published: unknown[] = [];
    const fake = { publish: (...args: unknown[]) => void published.push(args) };
    const moduleRef = await builder().overrideProvider(getBrokerToken('feature')).useValue(fake).compile();
    await moduleRef.init();
    await moduleRef.get(Handlers).feature.publish('out', 'x');
    await moduleRef.get(MultiBrokerHarness).publish('orders', 'incoming', 'a');
    expect([published, moduleRef.get(Handlers).seen]).toEqual([[['out', 'x']], ['a']]);
    await moduleRef.close();
  });

  it('keeps two modules in one process apart: bus, records and clock', async () => {
    const [one, other] = [await builder().compile(), await builder().compile()];
    await Promise.all([one.init(), other.init()]);
    const [mine, theirs] = [one.get(MultiBrokerHarness), other.get(MultiBrokerHarness)];
    const before = theirs.clock.now();
    await mine.publish('orders', 'incoming', 'a');
    await mine.clock.advance(5_000);
    await theirs.settled();
    expect(theirs.handler(Handlers, 'on')).not.toHaveBeenCalled();
    expect([theirs.deliveries(), theirs.published('orders'), theirs.clock.now()]).toEqual([[], [], before]);
    await Promise.all([one.close(), other.close()]);
  });

  it('refuses a publish before init(), when no handler reads yet, and takes one after', async () => {
    const moduleRef = await builder().compile();
    const harness = moduleRef.get(MultiBrokerHarness);
    await expect(harness.publish('orders', 'incoming', 'early')).rejects.toMatchObject({
      code: 'MULTI_BROKER_NOT_CONNECTED',
      message: expect.stringContaining('await init() first'),
    });
    await moduleRef.init();
    await harness.publish('orders', 'incoming', 'a');
    expect(moduleRef.get(Handlers).seen).toEqual(['a']);
    await moduleRef.close();
  });

  it('leaves nothing behind of a test that throws in the middle', async () => {
    const body = async () => {
      const { harness } = await testApp([Slow], { settleTimeoutMs: 50 });
      await harness.publish('orders', 'incoming', 'x');
    };
    await expect(body()).rejects.toMatchObject({ code: 'MULTI_BROKER_NOT_SETTLED' });
    await closeTestApps();
    const { harness } = await testApp([Slow]);
    await harness.settled();
    expect(harness.handler(Slow, 'never')).not.toHaveBeenCalled();
    expect(harness.pending()).toEqual([]);
  });
});

@Injectable()
class Slow {
  @Subscribe('orders', 'incoming')
  never() {
    return new Promise(() => {});
  }
}

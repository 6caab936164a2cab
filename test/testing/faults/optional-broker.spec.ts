import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  type Broker,
  getBrokerToken,
  InjectBroker,
  MultiBrokerModule,
  Payload,
  PublishTo,
  Subscribe,
} from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { natsBroker } from '../../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../../lib/testing/index.js';

const orders = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } });
const events = natsBroker({ name: 'events', client: {}, critical: false });

@Injectable()
class Bridge {
  @Subscribe('orders', 'in')
  @PublishTo('events', 'out')
  pass(@Payload() text: string) {
    return text;
  }

  @Subscribe('orders', 'alone')
  alone(@Payload() _text: string) {}

  @Subscribe('events', 'out')
  hear(@Payload() _text: string) {}
}

@Module({ imports: [MultiBrokerModule.forRoot([orders, events])], providers: [Bridge] })
class AppModule {}

let moduleRef: TestingModule;

afterEach(() => moduleRef.close());

async function compiled(): Promise<MultiBrokerHarness> {
  moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(MultiBrokerModule)
    .useModule(MultiBrokerTestingModule)
    .setLogger({ log() {}, error() {}, warn() {} })
    .compile();
  return moduleRef.get(MultiBrokerHarness);
}

const status = (name: string): string => moduleRef.get<Broker>(getBrokerToken(name), { strict: false }).health().status;

describe('failStart() of a broker that the application can do without', () => {
  it('does not fail the start: what needs the broker waits, the rest goes on, until the clock brings the next try', async () => {
    const harness = await compiled();
    harness.fault('events').failStart({ times: 2 });
    await moduleRef.init();
    expect([status('orders'), status('events')]).toEqual(['degraded', 'down']);

    await harness.publish('orders', 'in', 'a');
    await harness.publish('orders', 'alone', 'b');
    expect(harness.handler(Bridge, 'pass')).not.toHaveBeenCalled();
    expect(harness.handler(Bridge, 'alone')).toHaveBeenCalledWith('b');

    await harness.clock.advance(500);
    expect(status('events')).toBe('down');
    await harness.clock.advance(1_000);
    expect(status('events')).toBe('up');
    expect(harness.handler(Bridge, 'pass')).toHaveBeenCalledWith('a');
    expect(harness.handler(Bridge, 'hear')).toHaveBeenCalledWith('a');
    expect(harness.pending()).toEqual([]);
  });

  it('lets a test see what is waited for, and close while it is', async () => {
    const harness = await compiled();
    harness.fault('events').failStart({ times: 100 });
    await moduleRef.init();
    await harness.settled();
    expect(harness.pending()).toEqual([
      expect.objectContaining({ why: 'timer', inMs: expect.any(Number) }),
      {
        why: 'target-down',
        broker: 'orders',
        handler: 'Bridge.pass',
        destination: 'in',
        what: "broker 'events', which it publishes to, is not up",
      },
    ]);
    await harness.clock.advance(60_000);
    expect(status('events')).toBe('down');
  });

  it('also at a restart', async () => {
    const harness = await compiled();
    await moduleRef.init();
    harness.fault('events').failStart();
    await harness.restart();
    expect(status('events')).toBe('down');
    await harness.publish('orders', 'in', 'a');
    expect(harness.pending()).toMatchObject([{ why: 'timer' }, { why: 'target-down', handler: 'Bridge.pass' }]);
    await harness.clock.advance(500);
    expect(harness.handler(Bridge, 'hear')).toHaveBeenCalledWith('a');
  });

  it('does not hold up a start before which another such broker was used', async () => {
    const audit = natsBroker({ name: 'audit', client: {}, critical: false });
    const started: unknown[] = [];
    @Injectable()
    class Early implements OnModuleInit {
      constructor(@InjectBroker('audit') private readonly audit: Broker) {}

      async onModuleInit() {
        started.push(await this.audit.publish('began', 'x'));
      }
    }
    moduleRef = await Test.createTestingModule({
      imports: [MultiBrokerModule.forRoot([orders, events, audit])],
      providers: [Bridge, Early],
    })
      .overrideModule(MultiBrokerModule)
      .useModule(MultiBrokerTestingModule)
      .setLogger({ log() {}, error() {}, warn() {} })
      .compile();
    moduleRef.get(MultiBrokerHarness).fault('events').failStart();
    await moduleRef.init();
    expect(started).toHaveLength(1);
    expect([status('audit'), status('events')]).toEqual(['up', 'down']);
  });
});

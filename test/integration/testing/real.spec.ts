import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import { type Broker, getBrokerToken, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { natsBroker } from '../../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../../lib/testing/index.js';
import { brokersUnavailable, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { natsLibrary } from '../../support/nats-library.js';

const servers = brokersUnavailable() === undefined ? realBrokers() : { kafka: ['localhost:9092'], nats: 'localhost' };
const [incoming, failing, outgoing] = [uniqueName('incoming'), uniqueName('failing'), uniqueName('outgoing')];

@Injectable()
class Bridge {
  /** How many further calls of `fails` do. */
  failing = 0;

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  fromKafka(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', 'outgoing')
  fromNats(@Payload() _text: string) {}

  @Subscribe('orders', 'failing')
  fails() {
    if (this.failing-- > 0) throw new Error('not yet');
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({
        name: 'orders',
        groupId: uniqueName('group'),
        client: { brokers: servers.kafka },
        addresses: { incoming, failing },
      }),
      natsBroker({ name: 'events', library: natsLibrary, client: { servers: servers.nats }, addresses: { outgoing } }),
    ]),
  ],
  providers: [Bridge],
})
class AppModule {}

let moduleRef: TestingModule;
let harness: MultiBrokerHarness;

whenBrokers(describe)('the harness on real brokers', () => {
  beforeEach(async () => {
    moduleRef = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(MultiBrokerModule)
      .useModule(MultiBrokerTestingModule.configure({ real: true }))
      .setLogger({ log() {}, error() {}, warn() {} })
      .compile();
    await moduleRef.init();
    harness = moduleRef.get(MultiBrokerHarness);
  }, 60_000);

  afterEach(() => moduleRef.close());

  it('records the same as on twins', async () => {
    const receipt = await harness.publish('orders', 'incoming', 'Hi!');
    expect(receipt.position).toMatch(`${incoming}[`);
    await harness.waitFor(() => harness.deliveries({ outcome: 'acked' }).length === 2);
    await harness.settled();
    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
    expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Hi!');
    expect(harness.published('events', 'outgoing')).toMatchObject([{ payload: 'Hi!', destination: outgoing }]);
    expect(harness.deliveries({ broker: 'events', destination: 'outgoing' })).toMatchObject([
      { handler: 'Bridge.fromNats', payload: 'Hi!', outcome: 'acked', attempt: 1 },
    ]);
    expect(String(harness.timeline())).toBe(
      [
        `'orders' ← ${incoming} "Hi!"`,
        `└─ Bridge.fromKafka on 'orders' acked`,
        `   └─ 'events' ← ${outgoing} "Hi!"`,
        `      └─ Bridge.fromNats on 'events' acked`,
      ].join('\n'),
    );
  }, 60_000);

  it('tells failures, and waits for retries in place, but not for what comes again later', async () => {
    moduleRef.get(Bridge).failing = 4;
    await moduleRef.get<Broker>(getBrokerToken('orders'), { strict: false }).publish('failing', 'x');
    await harness.waitFor(() => harness.handler(Bridge, 'fails').mock.calls.length > 0);
    await expect(harness.settled()).rejects.toThrow('not yet');
    expect(harness.handler(Bridge, 'fails')).toHaveBeenCalledTimes(3);
    expect(harness.deliveries()).toMatchObject([
      { outcome: 'nacked', attempts: [{ nextInMs: 100 }, { nextInMs: 200 }, { nextInMs: 1_000 }] },
    ]);
    expect(harness.pending()).toMatchObject([{ why: 'hold', handler: 'Bridge.fails', attempt: 3 }]);
    await harness.waitFor(() => harness.deliveries({ outcome: 'acked' }).length === 1);
    await harness.settled();
    expect(harness.deliveries()).toMatchObject([{ attempt: 5 }]);
  }, 60_000);

  it('has no clock', () => {
    expect(() => harness.clock).toThrow(expect.objectContaining({ code: 'MULTI_BROKER_REAL_BROKERS' }));
  });
});

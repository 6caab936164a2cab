import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { kafkaBroker } from '../../../lib/kafka/index.js';
import { natsBroker } from '../../../lib/nats/index.js';
import { MultiBrokerHarness, MultiBrokerTestingModule } from '../../../lib/testing/index.js';
import { brokersUnavailable, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';

const servers = brokersUnavailable() === undefined ? realBrokers() : { kafka: ['localhost:9092'], nats: 'localhost' };
const [incoming, outgoing] = [uniqueName('incoming'), uniqueName('outgoing')];

@Injectable()
class Bridge {
  private arrive: (text: string) => void = () => {};
  readonly arrived = new Promise<string>((resolve) => (this.arrive = resolve));

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  fromKafka(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', 'outgoing')
  fromNats(@Payload() text: string) {
    this.arrive(text);
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({
        name: 'orders',
        groupId: uniqueName('group'),
        client: { brokers: servers.kafka },
        addresses: { incoming },
      }),
      natsBroker({ name: 'events', client: { servers: servers.nats }, addresses: { outgoing } }),
    ]),
  ],
  providers: [Bridge],
})
class AppModule {}

whenBrokers(describe)('the harness on real brokers', () => {
  it('records the same as on twins', async () => {
    const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(MultiBrokerModule)
      .useModule(MultiBrokerTestingModule.configure({ real: true }))
      .compile();
    await moduleRef.init();
    const harness = moduleRef.get(MultiBrokerHarness);
    const receipt = await harness.publish('orders', 'incoming', 'Hi!');
    expect(receipt.position).toMatch(`${incoming}[`);
    await moduleRef.get(Bridge).arrived;
    await harness.settled();
    expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
    expect(harness.handler(Bridge, 'fromNats')).toHaveBeenCalledWith('Hi!');
    expect(harness.published('events', 'outgoing')).toMatchObject([{ payload: 'Hi!', destination: outgoing }]);
    expect(() => harness.clock).toThrow('cannot be moved');
    await moduleRef.close();
  }, 60_000);
});

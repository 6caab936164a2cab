import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, toStream } from 'nestjs-multi-broker/nats';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';

@Injectable()
class Bridge {
  @Subscribe('orders', 'incoming')
  @PublishTo('events', toStream('events.new'))
  fromKafka(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', stream('EVENTS', { subjects: ['events.>'], durable: 'd' }))
  fromNats(@Payload() _text: string) {}
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([
      kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } }),
      natsBroker({ name: 'events', client: {} }),
    ]),
  ],
  providers: [Bridge],
})
class AppModule {}

let builder = Test.createTestingModule({ imports: [AppModule] });
// By this argument the real drivers are left in: the proof that the refusal of clients is none in name only.
if (process.argv[2] !== 'real') builder = builder.overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule);
const moduleRef = await builder.compile();
await moduleRef.init();
const harness = moduleRef.get(MultiBrokerHarness);
await harness.publish('orders', 'incoming', 'Hi!');
console.log(`fromNats saw ${JSON.stringify(harness.handler(Bridge, 'fromNats').mock.calls)}`);
await moduleRef.close();

import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it } from '@jest/globals';
import { Broker, InjectBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from 'nestjs-multi-broker';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

const server = new FakeServer();
const received: string[] = [];

@Injectable()
class Bridge {
  constructor(@InjectBroker('orders') readonly orders: Broker) {}

  @Subscribe('orders', 'incoming')
  @PublishTo('events', 'outgoing')
  over(@Payload() text: string) {
    return text;
  }

  @Subscribe('events', 'outgoing')
  there(@Payload() text: string) {
    received.push(text);
  }
}

@Module({
  imports: [
    MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server }), fakeBroker({ name: 'events', server })]),
  ],
  providers: [Bridge],
})
class AppModule {}

it('a message of one broker goes through a handler to another broker, and a handler there receives it', async () => {
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await moduleRef.init();
  await moduleRef.get(Bridge).orders.publish('incoming', 'Hi!');
  await eventually(() => expect(received).toEqual(['Hi!']));
  await moduleRef.close();
  expect(server.published.map(({ broker, queue, body }) => [broker, queue, body])).toEqual([
    ['orders', 'incoming', 'Hi!'],
    ['events', 'outgoing', 'Hi!'],
  ]);
});

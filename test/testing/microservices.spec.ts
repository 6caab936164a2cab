import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { nestKafka, nestPacket, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { natsBroker } from '../../lib/nats/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const kafka = kafkaBroker({
  name: 'orders',
  groupId: 'g',
  client: { brokers: ['localhost:9092'] },
  codec: nestKafka,
  ack: 'reject-on-error',
  retry: { attempts: 1 },
});
const nats = natsBroker({ name: 'events', client: {}, codec: nestPacket, retry: { attempts: 1 } });
const definitions = [kafka, nats];

@Injectable()
class Orders {
  @Subscribe('orders', 'asked')
  asked(@Payload() order: unknown) {
    return answered(order);
  }

  @Subscribe('orders', 'kept')
  @PublishTo('orders', 'results')
  kept(@Payload() order: unknown) {
    return answered(order);
  }

  @Subscribe('events', 'asked')
  askedByNats(@Payload() order: unknown) {
    return answered(order);
  }
}

function answered(order: unknown) {
  if (order === 'fail') throw new Error('no such order');
  return { order };
}

const asks = { kafka_correlationId: 'c', kafka_replyTopic: 'answers', kafka_replyPartition: '0' };

afterEach(closeTestApps);

it('on the Kafka twin what ClientKafka.send() writes is answered on its reply topic, behind the publishers', async () => {
  const { harness } = await testApp([Orders], { definitions });
  await harness.publish('orders', 'asked', 'one', { headers: asks });
  await harness.publish('orders', 'kept', 'two', { headers: asks });
  await harness.publish('orders', 'asked', 'nobody waits for it');
  expect(harness.published('orders', 'results')).toMatchObject([{ payload: { order: 'two' } }]);
  expect(harness.published('orders', 'answers')).toMatchObject([
    { payload: { order: 'one' }, headers: { kafka_correlationId: 'c', 'kafka_nest-is-disposed': '1' } },
    { payload: { order: 'two' }, headers: { kafka_correlationId: 'c' } },
  ]);
});

it('and so is a failure', async () => {
  const { harness } = await testApp([Orders], { definitions });
  await expect(harness.publish('orders', 'asked', 'fail', { headers: asks })).rejects.toThrow('no such order');
  const [answer] = harness.published('orders', 'answers');
  expect(answer!.headers['kafka_nest-err']).toBe('{"status":"error","message":"no such order"}');
});

it('a partition that the reply topic does not have fails no delivery', async () => {
  const { harness } = await testApp([Orders], { definitions });
  await harness.publish('orders', 'asked', 'one', { headers: { ...asks, kafka_replyPartition: '99' } });
  expect(harness.published('orders', 'answers')).toEqual([]);
  expect(harness.deliveries({ handler: 'Orders.asked' })).toMatchObject([{ outcome: 'acked' }]);
});

it('request() works over two topics, and over packets', async () => {
  const { broker } = await testApp([Orders], { definitions });
  for (const name of ['orders', 'events']) {
    expect((await broker(name).request('asked', 'one')).payload).toEqual({ order: 'one' });
    await expect(broker(name).request('asked', 'fail')).rejects.toMatchObject({ code: 'MULTI_BROKER_REQUEST_FAILED' });
  }
});

it('without its codec a Kafka broker has no request()', async () => {
  const plain = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['localhost:9092'] } });
  const { broker } = await testApp([], { definitions: [plain] });
  await expect(broker('orders').request('asked', 1, { codec: nestKafka })).rejects.toMatchObject({
    code: 'MULTI_BROKER_REQUEST_UNSUPPORTED',
  });
});

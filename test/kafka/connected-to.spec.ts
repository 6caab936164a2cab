import { expect, it } from '@jest/globals';
import * as kafkajs from 'kafkajs';
import { kafkajsClient } from '../../lib/kafka/driver/kafkajs/adapter.js';
import { KafkaDriver } from '../../lib/kafka/driver/kafka-driver.js';

const connectedTo = (brokers: kafkajs.KafkaConfig['brokers']) =>
  new KafkaDriver(kafkajsClient(kafkajs, { name: 'orders', client: { brokers } }), { name: 'orders' }).connectedTo();

it('a Kafka broker is connected to the first of its bootstrap servers', () => {
  expect(connectedTo(['one.example:9092', 'two.example:9093'])).toEqual({ address: 'one.example', port: 9092 });
});

it('of a function that finds the servers nothing is known', () => {
  expect(connectedTo(() => ['one.example:9092'])).toBeUndefined();
});

// A bridge from one topic to another, on @platformatic/kafka. The package is required: an application of CommonJS loads the
// client as one of ES modules does. On a Node that is too old for the client, the start says which one it needs.
require('reflect-metadata');
const assert = require('node:assert/strict');
const { once, EventEmitter } = require('node:events');
const { Injectable, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { MultiBroker, MultiBrokerModule, PublishTo, Subscribe } = require('nestjs-multi-broker');
const { kafkaBroker } = require('nestjs-multi-broker/kafka/platformatic');

assert.throws(() => require.resolve('kafkajs'), { code: 'MODULE_NOT_FOUND' });

const id = `smoke-${process.env.RUN_ID}`.replaceAll(/[^a-z0-9-]/gi, '-');
const arrived = new EventEmitter();

class Bridge {
  pass(message) {
    return message;
  }
  take(message) {
    arrived.emit('message', message);
  }
}
const decorate = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(Bridge.prototype, name);
  for (const decorator of decorators) decorator(Bridge.prototype, name, descriptor);
};
decorate('pass', PublishTo('orders', `${id}-out`), Subscribe('orders', `${id}-in`));
decorate('take', Subscribe('orders', `${id}-out`));
Injectable()(Bridge);

class AppModule {}
const orders = kafkaBroker({
  name: 'orders',
  groupId: id,
  client: { bootstrapBrokers: process.env.KAFKA_BROKERS.split(',') },
  topics: { [`${id}-in`]: { partitions: 1 }, [`${id}-out`]: { partitions: 1 } },
});
Module({ imports: [MultiBrokerModule.forRoot([orders])], providers: [Bridge] })(AppModule);

async function main() {
  const app = await NestFactory.createApplicationContext(AppModule, { abortOnError: false });
  const coming = once(arrived, 'message');
  await app.get(MultiBroker).get('orders').publish(`${id}-in`, { text: 'Hi!' });
  const [message] = await coming;
  console.log(`arrived: ${message.text}`);
  const { admin } = app.get(MultiBroker).get('orders').native();
  await admin.deleteTopics({ topics: [`${id}-in`, `${id}-out`] });
  await app.close();
}

/** An error with all that it consists of. */
function inner(error) {
  return error instanceof Error ? [error, ...[error.cause, ...(error.errors ?? [])].flatMap(inner)] : [];
}

main().catch((error) => {
  const old = inner(error).find(
    ({ code, message }) => code === 'MULTI_BROKER_CLIENT_MISSING' && /needs Node/.test(message),
  );
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (old === undefined || major > 22 || (major === 22 && minor >= 22)) {
    console.error(error);
    process.exit(1);
  }
  console.log(old.message);
});

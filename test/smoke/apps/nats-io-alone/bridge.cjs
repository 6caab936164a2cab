// A bridge from a core subject to a stream and back, on @nats-io, which is found without being named. The package is required:
// an application of CommonJS loads the client as one of ES modules does.
require('reflect-metadata');
const assert = require('node:assert/strict');
const { once, EventEmitter } = require('node:events');
const { Injectable, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { MultiBroker, MultiBrokerModule, PublishTo, Subscribe } = require('nestjs-multi-broker');
const { natsBroker, stream, toStream } = require('nestjs-multi-broker/nats');

assert.throws(() => require.resolve('nats'), { code: 'MODULE_NOT_FOUND' });

const id = `smoke-${process.env.RUN_ID}`.replaceAll(/[^a-z0-9-]/gi, '-');
const arrived = new EventEmitter();

class Bridge {
  toStream(message) {
    return message;
  }
  fromStream(message) {
    arrived.emit('message', message);
  }
}
const decorate = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(Bridge.prototype, name);
  for (const decorator of decorators) decorator(Bridge.prototype, name, descriptor);
};
decorate('toStream', PublishTo('events', toStream(`${id}.kept`)), Subscribe('events', `${id}-in`));
const kept = stream(id, { durable: 'reader', subjects: [`${id}.>`], storage: 'memory' });
decorate('fromStream', Subscribe('events', kept));
Injectable()(Bridge);

class AppModule {}
const events = natsBroker({ name: 'events', client: { servers: process.env.NATS_URL } });
Module({ imports: [MultiBrokerModule.forRoot([events])], providers: [Bridge] })(AppModule);

async function main() {
  const app = await NestFactory.createApplicationContext(AppModule);
  const coming = once(arrived, 'message');
  await app.get(MultiBroker).get('events').publish(`${id}-in`, { text: 'Hi!' });
  const [message] = await coming;
  console.log(`arrived: ${message.text}`);
  const { jetstreamManager } = require('@nats-io/jetstream');
  const { streams } = await jetstreamManager(app.get(MultiBroker).get('events').native());
  await streams.delete(id);
  await app.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

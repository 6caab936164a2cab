// A broker whose client is not installed: the start fails and says what to install.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';
import { natsBroker } from 'nestjs-multi-broker/nats';

const definitions = {
  kafkajs: kafkaBroker({ name: 'a', groupId: 'g', client: { brokers: ['127.0.0.1:1'] } }),
  nats: natsBroker({ name: 'b', client: { servers: 'nats://127.0.0.1:1' } }),
};

for (const [client, definition] of Object.entries(definitions)) {
  class AppModule {}
  Module({ imports: [MultiBrokerModule.forRoot([definition])] })(AppModule);
  const error = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }).then(
    () => assert.fail(`started without ${client}`),
    (reason) => reason,
  );
  console.log(`${error.code}: ${error.message}`);
  assert.match(error.message, new RegExp(client));
  assert.equal(findCode(error, 'MULTI_BROKER_CLIENT_MISSING'), true);
}

function findCode(error, code) {
  if (!(error instanceof Error)) return false;
  return error.code === code || [error.cause, ...(error.errors ?? [])].some((inner) => findCode(inner, code));
}

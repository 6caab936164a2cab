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
  const missing = inner(error).find(({ code }) => code === 'MULTI_BROKER_CLIENT_MISSING');
  assert.ok(missing, `no MULTI_BROKER_CLIENT_MISSING in ${error.message}`);
  assert.match(missing.message, new RegExp(`npm install ${client}`));
  console.log(`${missing.code}: ${missing.message}`);
}

/** An error with all that it consists of. */
function inner(error) {
  if (!(error instanceof Error)) return [];
  return [error, ...[error.cause, ...(error.errors ?? [])].flatMap(inner)];
}

// Decorators of one copy, module of another: without a check the handlers would silently never be called.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { kafkaBroker } from 'nestjs-multi-broker/kafka';

const here = import.meta.dirname;
cpSync(`${here}/node_modules/nestjs-multi-broker`, `${here}/node_modules/second-copy`, { recursive: true });
const { Subscribe } = await import('second-copy');

class Handlers {
  handle() {}
}
Subscribe('a', 'incoming')(Handlers.prototype, 'handle', Object.getOwnPropertyDescriptor(Handlers.prototype, 'handle'));
class AppModule {}
const broker = kafkaBroker({ name: 'a', groupId: 'g', client: { brokers: ['127.0.0.1:1'] } });
Module({ imports: [MultiBrokerModule.forRoot([broker], { inMemory: true })], providers: [Handlers] })(AppModule);

const start = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
await assert.rejects(start, (error) => {
  console.log(error.message);
  const problem = error.problems.find(({ code }) => code === 'MULTI_BROKER_DUPLICATE_COPY');
  assert.match(problem.message, /second-copy/);
  return true;
});

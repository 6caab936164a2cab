import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker } from 'nestjs-multi-broker';
import { AppModule } from './app.module.js';
import { DeadLetterDesk } from './dead-letter-desk.js';
import { Payments } from './payments.js';

const logger = new Logger('Sample');
const app = await NestFactory.createApplicationContext(AppModule);
app.enableShutdownHooks();
const [brokers, desk, payments] = [app.get(MultiBroker), app.get(DeadLetterDesk), app.get(Payments)];

const run = Date.now().toString(36);
const shop = brokers.get('shop');
await shop.publish('sample-payments', { id: `${run}-1`, amount: 10, currency: 'USD' });
await shop.publish('sample-payments', { id: `${run}-2`, amount: 20, currency: 'EUR' });
while (shop.health().counts.deadLettered === 0) await sleep(50);

for (const { from, handler, error, attempts } of await desk.list())
  logger.log(`Parked: ${from.source} of ${handler}, after ${attempts} attempts: ${error.message}`);

payments.currencies.add('USD');
const { redriven, left, failed } = await desk.redrive('Payments.book');
logger.log(`${redriven} redriven, ${left} left, ${failed} failed again; Ctrl-C stops`);

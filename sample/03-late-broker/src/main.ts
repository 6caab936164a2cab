import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MultiBroker } from 'nestjs-multi-broker';
import { AppModule } from './app.module.js';
import { events } from './brokers.js';

const logger = new Logger('Sample');
const app = await NestFactory.createApplicationContext(AppModule);
app.enableShutdownHooks();
const brokers = app.get(MultiBroker);

await brokers.get('orders').publish('late-incoming', 'Hi!');
logger.log(`Published to ${brokers.brokers.map(({ name }) => name).join(', ')}; 'events' comes in a second`);

setTimeout(() => {
  brokers.add(events).then(
    () => logger.log("'events' is there; Ctrl-C stops"),
    (error: unknown) => logger.warn(`'events' was not added: ${String(error)}`),
  );
}, 1_000);

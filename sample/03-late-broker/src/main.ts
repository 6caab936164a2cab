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

const running = setTimeout(() => {
  void brokers.add(events).then(() => logger.log("'events' is there; Ctrl-C stops"));
}, 1_000);
// Twins hold no socket, so nothing else keeps the process running.
const idle = setInterval(() => undefined, 60_000);
const end = (): void => {
  clearTimeout(running);
  clearInterval(idle);
};
process.once('SIGINT', end);
process.once('SIGTERM', end);

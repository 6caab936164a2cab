import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.createApplicationContext(AppModule);
app.enableShutdownHooks();

// Twins hold no socket, so nothing else keeps the process running.
const running = setInterval(() => undefined, 60_000);
process.once('SIGINT', () => clearInterval(running));
process.once('SIGTERM', () => clearInterval(running));

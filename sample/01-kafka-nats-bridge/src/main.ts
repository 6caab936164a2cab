import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { inMemory } from './brokers.js';

const app = await NestFactory.createApplicationContext(AppModule);
// Ctrl-C then stops in phases: sources, handlers in flight, targets, connections.
app.enableShutdownHooks();
new Logger('Sample').log(`Running ${inMemory ? 'in memory' : 'on real brokers'}; Ctrl-C stops`);

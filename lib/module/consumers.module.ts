import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HandlerExplorer } from '../handlers/index.js';
import { Consumers } from './consumers.js';
import { LAST_UP, setDistance } from './hook-order.js';

/** The handlers' side of the lifecycle: static, so that there is one of it however many import it. */
@Module({ providers: [HandlerExplorer, Consumers] })
export class MultiBrokerConsumersModule {
  constructor(modules: ModulesContainer) {
    setDistance(modules, MultiBrokerConsumersModule, LAST_UP);
  }
}

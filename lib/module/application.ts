import type { ModulesContainer } from '@nestjs/core';
import type { BrokerDefinition } from '../driver/index.js';
import { HandlerExplorer } from '../handlers/index.js';
import { type DriverSource, ManagedMultiBroker, type ServedApplication } from '../lifecycle/index.js';
import { Connections } from './connections.js';
import { Consumers } from './consumers.js';
import { NestLog } from './nest-log.js';
import { RegisteredNames } from './registered-names.js';
import { RootRegistry } from './root-registry.js';

/**
 * What an application has once, however many definitions it imports. It is found by the application's DriverSource and
 * not injected: each Nest module, provider and parameter costs as much as the start of a twin.
 */
export class Application implements ServedApplication {
  readonly multiBroker: ManagedMultiBroker;
  readonly roots = new RootRegistry();
  readonly names = new RegisteredNames();
  readonly connections: Connections;
  readonly log = new NestLog();
  private handlers: Consumers | undefined;

  private constructor(private readonly drivers: DriverSource) {
    this.multiBroker = new ManagedMultiBroker(drivers, this.log);
    this.connections = new Connections(this.multiBroker);
  }

  static of(drivers: DriverSource): Application {
    if (drivers.serves instanceof Application) return drivers.serves;
    const application = new Application(drivers);
    drivers.serves = application;
    return application;
  }

  /** The handlers' side, of the handlers in these modules. */
  consumers(modules: ModulesContainer): Consumers {
    this.handlers ??= new Consumers(this, this.explorerOf(modules));
    return this.handlers;
  }

  private explorerOf(modules: ModulesContainer): HandlerExplorer {
    const { multiBroker, log, drivers } = this;
    return new HandlerExplorer(modules, {
      globalEnhancers: () => multiBroker.globalEnhancers ?? true,
      warn: (warning) => {
        log.warn(warning);
      },
      methodCalled: drivers.methodCalled?.bind(drivers),
    });
  }

  started(): void {
    this.drivers.started?.(this.roots.inMemory);
  }

  register(definition: BrokerDefinition): void {
    this.multiBroker.register(definition);
    this.names.add(definition.name);
  }

  stopping(): Promise<void> | undefined {
    return this.drivers.stopping?.();
  }

  onModuleInit(): void {
    this.connections.onModuleInit();
  }

  onApplicationShutdown(): Promise<void> {
    return this.connections.onApplicationShutdown();
  }
}

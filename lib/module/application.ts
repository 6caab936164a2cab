import type { ModulesContainer } from '@nestjs/core';
import type { BrokerDefinition } from '../driver/index.js';
import { HandlerExplorer } from '../handlers/index.js';
import { type BrokerRuntime, ManagedMultiBroker, type ServedApplication } from '../lifecycle/index.js';
import { Connections, Consumers } from './consumers.js';
import { NestLog } from './nest-log.js';
import { RegisteredNames, RootRegistry } from './root-registry.js';

/**
 * Application-wide state, shared by all definitions modules. It is looked up through the BrokerRuntime, not injected:
 * each Nest module, provider and parameter adds as much to a start as starting a twin does.
 */
export class Application implements ServedApplication {
  readonly multiBroker: ManagedMultiBroker;
  readonly roots = new RootRegistry();
  readonly names = new RegisteredNames();
  readonly connections: Connections;
  readonly log = new NestLog();
  private handlers: Consumers | undefined;

  private constructor(private readonly drivers: BrokerRuntime) {
    this.multiBroker = new ManagedMultiBroker(drivers, this.log);
    this.connections = new Connections(this.multiBroker);
  }

  static of(drivers: BrokerRuntime): Application {
    if (drivers.serves instanceof Application) return drivers.serves;
    const application = new Application(drivers);
    drivers.serve(application);
    return application;
  }

  /** Starts and stops the handlers of these modules. */
  consumers(modules: ModulesContainer): Consumers {
    this.handlers ??= new Consumers(this, this.explorerOf(modules));
    return this.handlers;
  }

  private explorerOf(modules: ModulesContainer): HandlerExplorer {
    const { multiBroker, log, drivers } = this;
    return new HandlerExplorer(modules, {
      globalEnhancers: () => multiBroker.globalEnhancers ?? true,
      warn: (warning) => log.warn(warning),
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

export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/**
 * Nest calls start-up hooks in descending order of a module's `distance`, and shutdown hooks in ascending order. It
 * sorts at the first hook, so a provider's factory can still set the distance.
 *
 * `first`: starts before and ends after all others, which may publish in any of their hooks. `last`: starts after and
 * ends before all others, so that no message is handled while a module is still starting or already stopping.
 */
export function orderHooks(modules: ModulesContainer, first: ModuleTest, last: ModuleTest): void {
  for (const module of modules.values()) {
    if (last(module)) module.distance = 0;
    else if (first(module)) module.distance = Number.POSITIVE_INFINITY;
  }
}

type ModuleTest = (module: NestModule) => boolean;

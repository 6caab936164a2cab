import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { BrokerDefinition } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { DriverSource, type MultiBrokerOptions, resolveOptions } from '../lifecycle/index.js';
import type { AsyncBrokers } from './brokers-factory.js';
import type { DefinitionEntry } from './definition-entry.js';
import { definitionsModule, hasDefinitions } from './definitions.module.js';
import { factoryModule } from './factory.module.js';
import { RealDrivers } from './real-drivers.js';

/**
 * Several message brokers in one application.
 *
 * The class itself holds the only thing that a test replaces, where drivers come from:
 * `overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule)` finds it in whichever module it is imported.
 * Brokers can be injected everywhere; there is nothing to re-export.
 */
@Module({ providers: [{ provide: DriverSource, useClass: RealDrivers }], exports: [DriverSource] })
export class MultiBrokerModule implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {}

  /** The class alone holds no brokers: without this, handlers would never be called, and nothing would say so. */
  onModuleInit(): void {
    if (hasDefinitions(this.modules)) return;
    throw new MultiBrokerError('MULTI_BROKER_NO_BROKER', 'MultiBrokerModule is imported without forRoot()');
  }

  /**
   * The brokers of the application, once an application.
   *
   * @param definitions what `kafkaBroker()`, `natsBroker()` return; the first is the default broker
   */
  static forRoot(definitions: readonly BrokerDefinition[], options?: MultiBrokerOptions): DynamicModule {
    return root(definitions, options);
  }

  /**
   * The same with definitions made by the container: `{ name, imports, inject, useFactory }`. Names stand here, so
   * that brokers can be injected; addresses, topics and credentials come from the factory. Or one factory makes them
   * all: `{ imports, inject, useFactory }`, `{ imports, useClass }`, `{ imports, useExisting }`.
   */
  static forRootAsync(
    definitions: readonly DefinitionEntry[] | AsyncBrokers,
    options?: MultiBrokerOptions,
  ): DynamicModule {
    return isList(definitions) ? root(definitions, options) : factoryModule(definitions, resolveOptions(options));
  }

  /** More brokers, of a feature module; none of them is the default. */
  static forFeature(definitions: readonly DefinitionEntry[]): DynamicModule {
    return definitionsModule(definitions);
  }
}

/** Brokers of feature modules may be registered before the root's: the root says which its first is. */
function root(entries: readonly DefinitionEntry[], options: MultiBrokerOptions = {}): DynamicModule {
  return definitionsModule(entries, { ...resolveOptions(options), default: options.default ?? firstName(entries) });
}

/** `Array.isArray` knows no read-only ones. */
function isList(given: readonly DefinitionEntry[] | AsyncBrokers): given is readonly DefinitionEntry[] {
  return Array.isArray(given);
}

/** A definition that a circular import leaves undefined is told with all other mistakes. */
function firstName(entries: readonly (DefinitionEntry | undefined)[]): string | undefined {
  return entries.find((entry) => typeof entry?.name === 'string' && entry.name !== '')?.name;
}

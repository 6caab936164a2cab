import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { BrokerDefinition } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import { BrokerRuntime, type MultiBrokerOptions, resolveOptions } from '../lifecycle/index.js';
import type { AsyncBrokers } from './brokers-factory.js';
import type { BrokerDefinitionOrFactory } from './definition-entry.js';
import { definitionsModule, factoryModule, hasDefinitions } from './definitions.module.js';
import { LiveRuntime } from './live-runtime.js';

/**
 * Runs several message brokers in one application.
 *
 * The class itself only provides the source of drivers, so that a test can replace it:
 * `overrideModule(MultiBrokerModule).useModule(MultiBrokerTestingModule)` works in whichever module it is imported.
 * Brokers can be injected everywhere; there is nothing to re-export.
 */
@Module({ providers: [{ provide: BrokerRuntime, useClass: LiveRuntime }], exports: [BrokerRuntime] })
export class MultiBrokerModule implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {}

  /** Refuses the bare class, which holds no brokers: handlers would never be called, without any error. */
  onModuleInit(): void {
    if (hasDefinitions(this.modules)) return;
    throw errorOf('MULTI_BROKER_NO_BROKER.bareModule', {});
  }

  /**
   * Defines the brokers of the application; use it once.
   *
   * @param definitions results of `kafkaBroker()` and `natsBroker()`; the first is the default broker
   */
  static forRoot(definitions: readonly BrokerDefinition[], options?: MultiBrokerOptions): DynamicModule {
    return root(definitions, options);
  }

  /**
   * Like {@link forRoot}, with injected configuration. Each broker has one `{ name, imports, inject, useFactory }`:
   * its name stands here, so that it can be injected, while addresses and credentials come from the factory. Or one
   * factory creates all brokers: `{ imports, inject, useFactory }`, `{ imports, useClass }` or
   * `{ imports, useExisting }`.
   */
  static forRootAsync(
    definitions: readonly BrokerDefinitionOrFactory[] | AsyncBrokers,
    options?: MultiBrokerOptions,
  ): DynamicModule {
    return isList(definitions)
      ? root(definitions, options)
      : factoryModule(MultiBrokerModule, definitions, resolveOptions(options));
  }

  /** Defines further brokers in a feature module; none of them becomes the default. */
  static forFeature(definitions: readonly BrokerDefinitionOrFactory[]): DynamicModule {
    return definitionsModule(MultiBrokerModule, definitions);
  }
}

/** Names the default explicitly: brokers of feature modules may be registered before those of the root. */
function root(entries: readonly BrokerDefinitionOrFactory[], options: MultiBrokerOptions = {}): DynamicModule {
  return definitionsModule(MultiBrokerModule, entries, {
    ...resolveOptions(options),
    default: options.default ?? (isList(entries) ? firstName(entries) : undefined),
  });
}

/** `Array.isArray` does not narrow to a read-only array. */
function isList(
  given: readonly BrokerDefinitionOrFactory[] | AsyncBrokers,
): given is readonly BrokerDefinitionOrFactory[] {
  return Array.isArray(given);
}

/** Skips definitions that a circular import left undefined, which the wiring check reports. */
function firstName(entries: readonly (BrokerDefinitionOrFactory | undefined)[]): string | undefined {
  return entries.find((entry) => typeof entry?.name === 'string' && entry.name !== '')?.name;
}

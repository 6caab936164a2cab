import type { DynamicModule, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { brokerToken } from '../decorators/index.js';
import { DriverSource, type ResolvedOptions } from '../lifecycle/index.js';
import { Application } from './application.js';
import { askedTokens, lazily } from './asked-tokens.js';
import { type AsyncBrokers, DEFINITIONS, factoryProviders, type MadeDefinitions } from './brokers-factory.js';
import { Consumers } from './consumers.js';
import {
  configure,
  holdsDefinitions,
  holdsDrivers,
  MULTI_BROKER,
  MultiBrokerDefinitionsModule,
} from './definitions.module.js';
import { type NestModule, orderHooks } from './hook-order.js';

/** The application's root where one factory makes all definitions. */
export function factoryModule(from: AsyncBrokers, options: ResolvedOptions): DynamicModule {
  const own: Provider[] = [...factoryProviders(from), consumers(options), MULTI_BROKER, defaultBroker(options)];
  const exported = [MULTI_BROKER.provide, brokerToken()];
  return {
    module: MultiBrokerDefinitionsModule,
    global: true,
    imports: from.imports ?? [],
    providers: lazily(() => [...own, ...askedTokens()]),
    exports: lazily(() => [...exported, ...askedTokens().map(({ provide }) => provide)]),
  };
}

function consumers(options: ResolvedOptions): Provider {
  return {
    provide: Consumers,
    inject: [DriverSource, ModulesContainer, DEFINITIONS],
    useFactory: (drivers: DriverSource, modules: ModulesContainer, { entries, problems }: MadeDefinitions) => {
      const application = Application.of(drivers);
      configure(application, { ...options, ...defaultName(options, entries) });
      for (const problem of problems) application.multiBroker.problem(problem);
      for (const definition of entries) application.register(definition);
      provideOthers(application, modules, entries);
      orderHooks(modules, holdsDrivers, holdsDefinitions);
      const made = application.consumers(modules);
      made.checkInjected();
      return made;
    },
  };
}

/** None where the factory gave none, which is told with all other mistakes. */
function defaultBroker(options: ResolvedOptions): Provider {
  return {
    provide: brokerToken(),
    inject: [Consumers, DEFINITIONS],
    useFactory: ({ multiBroker }: Consumers, { entries }: MadeDefinitions) => {
      const { default: name } = defaultName(options, entries);
      return entries.some((entry) => entry.name === name) ? multiBroker.lookUp(name) : undefined;
    },
  };
}

function defaultName(options: ResolvedOptions, entries: MadeDefinitions['entries']): { readonly default?: string } {
  const name = options.default ?? entries[0]?.name;
  return name === undefined ? {} : { default: name };
}

/** Brokers that nobody injects can be had by `moduleRef.get()` all the same. */
function provideOthers(
  { multiBroker }: Application,
  modules: ModulesContainer,
  entries: MadeDefinitions['entries'],
): void {
  const root = [...modules.values()].find(isRoot);
  for (const { name } of entries) {
    const provide = brokerToken(name);
    if (root === undefined || root.providers.has(provide)) continue;
    root.addProvider({ provide, useValue: multiBroker.lookUp(name) });
    root.addExportedProviderOrModule(provide);
  }
}

function isRoot({ providers }: NestModule): boolean {
  return providers.has(DEFINITIONS);
}

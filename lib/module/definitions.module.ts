import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { brokerToken, lazily } from '../decorators/index.js';
import { type BrokerDefinition, MultiBroker } from '../driver/index.js';
import type { MultiBrokerError } from '../errors/index.js';
import { BrokerRuntime, type ResolvedOptions } from '../lifecycle/index.js';
import { Application, type NestModule, orderHooks } from './application.js';
import { type BrokerName, namesOf, provideOthers, requestedAmong, tokenOf } from './broker-tokens.js';
import {
  requestedTokens,
  type AsyncBrokers,
  DEFINITIONS,
  factoryProviders,
  type MadeDefinitions,
} from './brokers-factory.js';
import { Consumers } from './consumers.js';
import {
  type BrokerDefinitionOrFactory,
  definitionProvider,
  importsOf,
  isAsync,
  presentEntries,
} from './definition-entry.js';

/**
 * The module of broker definitions. It has no state, so that one AppModule can be compiled many times; it is global, so
 * that its brokers can be injected everywhere.
 */
@Module({})
export class MultiBrokerDefinitionsModule {}

/**
 * The dynamic module of a list of definitions; with options it is the root, without them a feature module.
 *
 * @param runtimeModule provides the {@link BrokerRuntime}; a test overrides it
 */
export function definitionsModule(
  runtimeModule: Type,
  given: readonly BrokerDefinitionOrFactory[],
  options?: ResolvedOptions,
): DynamicModule {
  const { entries, problems } = presentEntries(given, options === undefined ? 'forFeature()' : 'forRoot()');
  const names = namesOf(entries, options);
  const own = [...registration(entries, problems, options, names), MULTI_BROKER];
  const providers = (of: readonly BrokerName[]): Provider[] => [...own, ...of.map(tokenOf)];
  const exported = (of: readonly BrokerName[]) => [MULTI_BROKER, ...of.map(tokenOf)].map(({ provide }) => provide);
  return {
    module: MultiBrokerDefinitionsModule,
    global: true,
    imports: [runtimeModule, ...importsOf(entries)],
    providers: lazily(() => providers(requestedAmong(names)), providers(names)),
    exports: lazily(() => exported(requestedAmong(names)), exported(names)),
  };
}

/** Shared by all definitions modules. It does not depend on definitions, so that their factories may inject it. */
export const MULTI_BROKER = {
  provide: MultiBroker,
  inject: [BrokerRuntime],
  useFactory: (drivers: BrokerRuntime) => Application.of(drivers).multiBroker,
};

/** Registers the definitions in the factory of Consumers, on which all providers of brokers depend. */
function registration(
  entries: readonly BrokerDefinitionOrFactory[],
  problems: readonly MultiBrokerError[],
  options: ResolvedOptions | undefined,
  names: readonly BrokerName[],
) {
  const made = entries.map((entry, place) => (isAsync(entry) ? definitionProvider(entry, place) : undefined));
  const providers = made.filter((provider) => provider !== undefined);
  const consumers = {
    provide: Consumers,
    inject: [BrokerRuntime, ModulesContainer, ...providers.map(({ provide }) => provide)],
    useFactory: (drivers: BrokerRuntime, modules: ModulesContainer, ...definitions: BrokerDefinition[]) => {
      const application = Application.of(drivers);
      if (options) configure(application, options);
      for (const problem of problems) application.multiBroker.problem(problem);
      for (const entry of entries) {
        const definition = isAsync(entry) ? definitions.shift() : entry;
        if (definition !== undefined) application.register(definition);
      }
      provideOthers(application.multiBroker, modules, names);
      orderHooks(modules, providesRuntime, holdsDefinitions);
      return application.consumers(modules);
    },
  };
  return [...providers, consumers];
}

export function configure({ roots, multiBroker }: Application, options: ResolvedOptions): void {
  const second = roots.addRoot(options);
  if (second) multiBroker.problem(second);
  else multiBroker.configure(options);
}

/** Whether `forRoot()`, `forRootAsync()` or `forFeature()` is imported anywhere. */
export function hasDefinitions(modules: ModulesContainer): boolean {
  return [...modules.values()].some(holdsDefinitions);
}

export function holdsDefinitions({ metatype }: NestModule): boolean {
  return metatype === MultiBrokerDefinitionsModule;
}

/** Whether it is MultiBrokerModule, or the module that a test has put in its place. */
export function providesRuntime({ providers }: NestModule): boolean {
  return providers.has(BrokerRuntime);
}

/** The root module of an application whose definitions come from a single factory. */
export function factoryModule(runtimeModule: Type, from: AsyncBrokers, options: ResolvedOptions): DynamicModule {
  const own: Provider[] = [...factoryProviders(from), consumers(options), MULTI_BROKER, defaultBroker(options)];
  const exported = [MULTI_BROKER.provide, brokerToken()];
  return {
    module: MultiBrokerDefinitionsModule,
    global: true,
    imports: [runtimeModule, ...(from.imports ?? [])],
    providers: lazily(() => [...own, ...requestedTokens()]),
    exports: lazily(() => [...exported, ...requestedTokens().map(({ provide }) => provide)]),
  };
}

function consumers(options: ResolvedOptions): Provider {
  return {
    provide: Consumers,
    inject: [BrokerRuntime, ModulesContainer, DEFINITIONS],
    useFactory: (drivers: BrokerRuntime, modules: ModulesContainer, { entries, problems }: MadeDefinitions) => {
      const application = Application.of(drivers);
      configure(application, { ...options, ...defaultName(options, entries) });
      for (const problem of problems) application.multiBroker.problem(problem);
      for (const definition of entries) application.register(definition);
      provideOthers(application.multiBroker, modules, namesOf(entries));
      orderHooks(modules, providesRuntime, holdsDefinitions);
      const made = application.consumers(modules);
      made.checkInjected();
      return made;
    },
  };
}

/** Yields undefined if the factory returned no definitions, which the wiring check reports. */
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

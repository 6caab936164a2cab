import { type DynamicModule, forwardRef, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { brokerToken } from '../decorators/index.js';
import { type Broker, type BrokerDefinition, MultiBroker } from '../driver/index.js';
import type { MultiBrokerError } from '../errors/index.js';
import { DriverSource, type ManagedMultiBroker, type ResolvedOptions } from '../lifecycle/index.js';
import { Application } from './application.js';
import { presentEntries } from './present-entries.js';
import { Consumers } from './consumers.js';
import { type DefinitionEntry, definitionProvider, importsOf, isAsync } from './definition-entry.js';
import { orderHooks, type NestModule } from './hook-order.js';
import { MultiBrokerModule } from './multi-broker.module.js';

/**
 * Holds definitions and no state, so that one AppModule can be compiled many times. Global, so that its brokers can be
 * injected everywhere.
 */
// MultiBrokerModule.forRoot() makes this module: the two files import each other.
@Module({ imports: [forwardRef(() => MultiBrokerModule)] })
export class MultiBrokerDefinitionsModule {}

/** The dynamic module of some definitions; with options it is the application's root. */
export function definitionsModule(given: readonly DefinitionEntry[], options?: ResolvedOptions): DynamicModule {
  const { entries, problems } = presentEntries(given, options === undefined ? 'forFeature()' : 'forRoot()');
  const tokens = entries.map(({ name }) => lookUp(brokerToken(name), (multiBroker) => multiBroker.lookUp(name)));
  const named = entries.some(({ name }) => name === options?.default);
  if (named) tokens.push(lookUp(brokerToken(), (multiBroker) => multiBroker.lookUp(options?.default)));
  return {
    module: MultiBrokerDefinitionsModule,
    global: true,
    imports: importsOf(entries),
    providers: [...registration(entries, problems, options), MULTI_BROKER, ...tokens],
    exports: [MULTI_BROKER, ...tokens].map(({ provide }) => provide),
  };
}

/** The same of all definitions modules. It waits for no definition, so that what makes one may be given it. */
export const MULTI_BROKER = {
  provide: MultiBroker,
  inject: [DriverSource],
  useFactory: (drivers: DriverSource) => Application.of(drivers).multiBroker,
};

/** Consumers are made when the module's definitions are registered; what looks a broker up waits for them. */
function registration(
  entries: readonly DefinitionEntry[],
  problems: readonly MultiBrokerError[],
  options: ResolvedOptions | undefined,
) {
  const made = entries.map((entry, place) => (isAsync(entry) ? definitionProvider(entry, place) : undefined));
  const providers = made.filter((provider) => provider !== undefined);
  const consumers = {
    provide: Consumers,
    inject: [DriverSource, ModulesContainer, ...providers.map(({ provide }) => provide)],
    useFactory: (drivers: DriverSource, modules: ModulesContainer, ...definitions: BrokerDefinition[]) => {
      const application = Application.of(drivers);
      if (options) configure(application, options);
      for (const problem of problems) application.multiBroker.problem(problem);
      for (const entry of entries) {
        const definition = isAsync(entry) ? definitions.shift() : entry;
        if (definition !== undefined) application.register(definition);
      }
      orderHooks(modules, holdsDrivers, holdsDefinitions);
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

/** Tokens look a broker up and do not make it: `overrideProvider()` of one leaves the broker itself in place. */
function lookUp(provide: ReturnType<typeof brokerToken>, find: (multiBroker: ManagedMultiBroker) => Broker) {
  return { provide, inject: [Consumers], useFactory: ({ multiBroker }: Consumers) => find(multiBroker) };
}

/** Whether `forRoot()`, `forRootAsync()` or `forFeature()` is imported anywhere. */
export function hasDefinitions(modules: ModulesContainer): boolean {
  return [...modules.values()].some(holdsDefinitions);
}

export function holdsDefinitions({ metatype }: NestModule): boolean {
  return metatype === MultiBrokerDefinitionsModule;
}

/** Whatever a test has put in the place of MultiBrokerModule. */
export function holdsDrivers({ providers }: NestModule): boolean {
  return providers.has(DriverSource);
}

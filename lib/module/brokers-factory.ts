import type { FactoryProvider, InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { requestedNames, brokerToken } from '../decorators/index.js';
import type { Broker, BrokerDefinition } from '../driver/index.js';
import { errorAt, problemOf } from '../errors/index.js';
import { BrokerRuntime } from '../lifecycle/index.js';
import { Application } from './application.js';
import { Consumers } from './consumers.js';
import { isDefinition, type PresentEntries, presentEntries } from './definition-entry.js';

type Definitions = readonly BrokerDefinition[];

/** Interface of the class given to `forRootAsync({ useClass })`. */
export interface BrokerDefinitionsFactory {
  /** Returns the results of `kafkaBroker()` and `natsBroker()`; the first is the default broker. */
  createBrokerDefinitions(): Definitions | Promise<Definitions>;
}

/** A single factory, class or provider that creates all brokers of an application. */
export type AsyncBrokers = { readonly imports?: ModuleMetadata['imports'] } & (
  | {
      readonly inject?: FactoryProvider['inject'];
      /** Returns the definitions, or a promise of them. */
      // Nest passes the providers listed in `inject`, which it types as `any`.
      readonly useFactory: (...injected: never[]) => Definitions | Promise<Definitions>;
    }
  | { readonly useClass: Type<BrokerDefinitionsFactory> }
  | { readonly useExisting: InjectionToken<BrokerDefinitionsFactory> }
);

/** The valid definitions, and the problems of the others. */
export interface MadeDefinitions extends PresentEntries {
  readonly entries: Definitions;
}

/** The token of {@link MadeDefinitions}, which is not exported from the module. */
export const DEFINITIONS = 'MULTI_BROKER_DEFINITIONS';

/** The provider of the definitions, and the factory class if there is one. */
export function factoryProviders(from: AsyncBrokers): Provider[] {
  if ('useFactory' in from) {
    const { inject = [], useFactory } = from;
    return [made([...inject], (...injected) => useFactory(...(injected as never[])))];
  }
  const token = 'useClass' in from ? from.useClass : from.useExisting;
  const asked = made([token], (factory) => (factory as BrokerDefinitionsFactory).createBrokerDefinitions());
  return 'useClass' in from ? [from.useClass, asked] : [asked];
}

function made(inject: FactoryProvider['inject'] & object, make: (...injected: unknown[]) => unknown): FactoryProvider {
  return {
    provide: DEFINITIONS,
    inject,
    useFactory: async (...injected: unknown[]) => checked(await make(...injected)),
  };
}

/** Checks the result of the factory; problems are reported with all others by the wiring check. */
function checked(given: unknown): MadeDefinitions {
  if (!Array.isArray(given)) {
    const shown = given === undefined || given === null ? String(given) : 'something else';
    const problem = problemOf('MULTI_BROKER_OPTION_INVALID.factoryResult', { given: shown });
    return { entries: [], problems: [errorAt('forRootAsync()', problem)] };
  }
  const { entries, problems } = presentEntries(given as Definitions, 'forRootAsync()');
  const none = entries.filter((entry) => !isDefinition(entry));
  const places = none.map((entry) => given.indexOf(entry) + 1);
  const invalid = places.map((place) =>
    errorAt('forRootAsync()', problemOf('MULTI_BROKER_OPTION_INVALID.noDefinition', { place })),
  );
  return { entries: entries.filter(isDefinition), problems: [...problems, ...invalid] };
}

/**
 * The names of a factory's definitions are known only once it has run, but Nest has to know injectable tokens before
 * that. So there is a provider for each name that any application of the process has requested so far. It yields
 * undefined for a name that this application lacks; the wiring check then reports the class that injects it.
 */
export function requestedTokens(): FactoryProvider[] {
  return requestedNames().map((name) => ({
    provide: brokerToken(name),
    // Consumers: so that the module's own definitions are registered before.
    inject: [BrokerRuntime, ModulesContainer, Consumers],
    useFactory: (drivers: BrokerRuntime, modules: ModulesContainer) => find(name, Application.of(drivers), modules),
  }));
}

async function find(name: string, application: Application, modules: ModulesContainer): Promise<Broker | undefined> {
  if (!application.names.has(name) && !isElsewhere(name, modules)) return undefined;
  await application.names.when(name);
  return application.multiBroker.lookUp(name);
}

/** Whether a feature module defines a broker of that name, which may not be registered yet. */
function isElsewhere(name: string, modules: ModulesContainer): boolean {
  const token = brokerToken(name);
  return [...modules.values()].some(({ providers }) => {
    return providers.has(Consumers) && providers.has(token) && !providers.has(DEFINITIONS);
  });
}

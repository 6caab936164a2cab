import type { FactoryProvider, InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { BrokerDefinition } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { isDefinition } from './definition-entry.js';
import { type PresentEntries, presentEntries } from './present-entries.js';

type Definitions = readonly BrokerDefinition[];

/** What the class of `forRootAsync({ useClass })` has. */
export interface BrokerDefinitionsFactory {
  /** What `kafkaBroker()`, `natsBroker()` return; the first is the default broker. */
  createBrokerDefinitions(): Definitions | Promise<Definitions>;
}

/** All brokers of an application by one factory, one class or one provider. */
export type AsyncBrokers = { readonly imports?: ModuleMetadata['imports'] } & (
  | {
      readonly inject?: FactoryProvider['inject'];
      /** Returns the definitions, or a promise of them. */
      // The container gives what `inject` lists; its own type for this is `any`.
      readonly useFactory: (...injected: never[]) => Definitions | Promise<Definitions>;
    }
  | { readonly useClass: Type<BrokerDefinitionsFactory> }
  | { readonly useExisting: InjectionToken<BrokerDefinitionsFactory> }
);

/** The definitions that are there, and what is wrong with the others. */
export interface MadeDefinitions extends PresentEntries {
  readonly entries: Definitions;
}

/** The token of {@link MadeDefinitions}, which the module keeps to itself. */
export const DEFINITIONS = 'MULTI_BROKER_DEFINITIONS';

/** The provider of what the factory makes, and the class that makes it. */
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

/** A mistake is told with all others. */
function checked(given: unknown): MadeDefinitions {
  if (!Array.isArray(given)) {
    const what = given === undefined || given === null ? String(given) : 'no list';
    return { entries: [], problems: [wrong(`the factory returned ${what}: it has to return a list of definitions`)] };
  }
  const { entries, problems } = presentEntries(given as Definitions, 'forRootAsync()');
  const none = entries.filter((entry) => !isDefinition(entry));
  const places = none.map((entry) => given.indexOf(entry) + 1);
  const told = places.map((place) =>
    wrong(`definition ${String(place)} is none as kafkaBroker() or natsBroker() makes`),
  );
  return { entries: entries.filter(isDefinition), problems: [...problems, ...told] };
}

function wrong(what: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', `forRootAsync(): ${what}`);
}

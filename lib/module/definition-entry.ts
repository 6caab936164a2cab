import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import type { BrokerDefinition } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';

/**
 * A broker whose definition is made by the container, with configuration that is injected. Its name is known before.
 */
export interface AsyncBrokerDefinition {
  /** The name that the factory's definition has to have. */
  readonly name: string;
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: FactoryProvider['inject'];
  /** Returns a definition of that name, or a promise of one. */
  // The container gives what `inject` lists; its own type for this is `any`.
  readonly useFactory: (...injected: never[]) => BrokerDefinition | Promise<BrokerDefinition>;
}

/** What `forRootAsync()` takes for each broker. */
export type DefinitionEntry = BrokerDefinition | AsyncBrokerDefinition;

/** The provider of a definition that the container makes, under a token that the module keeps to itself. */
export function definitionProvider(entry: AsyncBrokerDefinition, place: number): FactoryProvider<BrokerDefinition> {
  return {
    provide: `MULTI_BROKER_DEFINITION:${String(place)}`,
    inject: [...(entry.inject ?? [])],
    useFactory: async (...injected: unknown[]) => named(await entry.useFactory(...(injected as never[])), entry.name),
  };
}

/** Modules that the factories need. */
export function importsOf(entries: readonly DefinitionEntry[]): NonNullable<ModuleMetadata['imports']> {
  return entries.flatMap((entry) => (isAsync(entry) ? (entry.imports ?? []) : []));
}

/** Whether the container makes the definition. */
export function isAsync(entry: DefinitionEntry): entry is AsyncBrokerDefinition {
  return 'useFactory' in entry;
}

/** The token of the broker is made of the entry's name before the factory is called. */
function named(definition: unknown, name: string): BrokerDefinition {
  if (!isDefinition(definition))
    throw wrong(name, 'returned no definition, as kafkaBroker() or natsBroker() makes one');
  if (definition.name === name) return definition;
  throw wrong(name, `returned a definition of the name '${definition.name}'`);
}

/** Whether it is what `kafkaBroker()`, `natsBroker()` return. */
export function isDefinition(given: unknown): given is BrokerDefinition {
  const { name, kind, driver } = (given ?? {}) as Partial<BrokerDefinition>;
  return typeof name === 'string' && typeof kind === 'string' && typeof driver === 'function';
}

function wrong(broker: string, what: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', `The factory of broker '${broker}' ${what}`, { broker });
}

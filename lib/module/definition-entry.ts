import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import type { BrokerDefinition } from '../driver/index.js';
import { errorOf, isMissing, type MultiBrokerError } from '../errors/index.js';

/**
 * A broker whose definition is created by a factory with injected configuration. Its name is fixed, so that the broker
 * can be injected.
 */
export interface AsyncBrokerDefinition {
  /** The name of the broker; the factory's definition must have the same. */
  readonly name: string;
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: FactoryProvider['inject'];
  /** Returns a definition of that name, or a promise of one. */
  // Nest passes the providers listed in `inject`, which it types as `any`.
  readonly useFactory: (...injected: never[]) => BrokerDefinition | Promise<BrokerDefinition>;
}

/** An entry of `forRootAsync()` and `forFeature()`. */
export type BrokerDefinitionOrFactory = BrokerDefinition | AsyncBrokerDefinition;

/** The provider of a definition that a factory creates, under a token that is not exported from the module. */
export function definitionProvider(entry: AsyncBrokerDefinition, place: number): FactoryProvider<BrokerDefinition> {
  return {
    provide: `MULTI_BROKER_DEFINITION:${String(place)}`,
    inject: [...(entry.inject ?? [])],
    useFactory: async (...injected: unknown[]) => named(await entry.useFactory(...(injected as never[])), entry.name),
  };
}

/** The modules that the factories import. */
export function importsOf(entries: readonly BrokerDefinitionOrFactory[]): NonNullable<ModuleMetadata['imports']> {
  return entries.flatMap((entry) => (isAsync(entry) ? (entry.imports ?? []) : []));
}

/** Whether the entry has a factory. */
export function isAsync(entry: BrokerDefinitionOrFactory): entry is AsyncBrokerDefinition {
  return 'useFactory' in entry;
}

/** Checks the name: the broker's token is derived from the entry before the factory is called. */
function named(definition: unknown, name: string): BrokerDefinition {
  if (!isDefinition(definition)) {
    throw errorOf('MULTI_BROKER_OPTION_INVALID.factoryNoDefinition', { broker: name });
  }
  if (definition.name === name) return definition;
  throw errorOf('MULTI_BROKER_OPTION_INVALID.factoryOtherName', { broker: name, named: definition.name });
}

/** Whether it is a definition such as `kafkaBroker()` or `natsBroker()` returns. */
export function isDefinition(given: unknown): given is BrokerDefinition {
  const { name, kind, driver } = (given ?? {}) as Partial<BrokerDefinition>;
  return typeof name === 'string' && typeof kind === 'string' && typeof driver === 'function';
}

/** The entries that are defined and named. */
export interface PresentEntries {
  readonly entries: readonly BrokerDefinitionOrFactory[];
  /** Problems of the others. They are reported with all others, since throwing while a file loads would say less. */
  readonly problems: readonly MultiBrokerError[];
}

/** Leaves out entries that are undefined or unnamed. `to` is the function that they were passed to. */
export function presentEntries(given: readonly BrokerDefinitionOrFactory[], to: string): PresentEntries {
  if (!Array.isArray(given)) return { entries: [], problems: [noList(given, to)] };
  const problems = given.map((entry, place) => problemOf(entry, `${to}: definition ${String(place + 1)}`));
  return {
    entries: given.filter((_, place) => problems[place] === undefined),
    problems: problems.filter((problem) => problem !== undefined),
  };
}

/** Of an application without types: one definition, or a list that a circular import left undefined. */
function noList(given: unknown, to: string): MultiBrokerError {
  if (!isMissing(given)) return errorOf('MULTI_BROKER_OPTION_INVALID.noList', { to });
  return errorOf('MULTI_BROKER_VALUE_MISSING.circular', { what: `${to}: the list of brokers`, value: String(given) });
}

function problemOf(entry: unknown, what: string): MultiBrokerError | undefined {
  if (isMissing(entry)) return errorOf('MULTI_BROKER_VALUE_MISSING.circular', { what, value: String(entry) });
  const { name } = entry as Partial<BrokerDefinitionOrFactory>;
  if (typeof name === 'string' && name !== '') return undefined;
  return errorOf('MULTI_BROKER_VALUE_MISSING.unnamed', { what });
}

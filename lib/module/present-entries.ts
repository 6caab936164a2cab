import { CIRCULAR, isMissing, missing, MultiBrokerError, UNSET } from '../errors/index.js';
import type { DefinitionEntry } from './definition-entry.js';

/** What of the given definitions is there. */
export interface PresentEntries {
  readonly entries: readonly DefinitionEntry[];
  /** Of the others, told with all other mistakes: a file that throws while it is loaded says less. */
  readonly problems: readonly MultiBrokerError[];
}

/** Leaves out what is undefined or has no name; `to` is the function that was given it. */
export function presentEntries(given: readonly DefinitionEntry[], to: string): PresentEntries {
  const problems = given.map((entry, place) => problemOf(entry, `${to}: definition ${String(place + 1)}`));
  return {
    entries: given.filter((_, place) => problems[place] === undefined),
    problems: problems.filter((problem) => problem !== undefined),
  };
}

function problemOf(entry: unknown, what: string): MultiBrokerError | undefined {
  if (isMissing(entry)) return new MultiBrokerError('MULTI_BROKER_VALUE_MISSING', missing(what, entry, CIRCULAR));
  const { name } = entry as Partial<DefinitionEntry>;
  if (typeof name === 'string' && name !== '') return undefined;
  return new MultiBrokerError('MULTI_BROKER_VALUE_MISSING', `${what} has no name: ${UNSET}`);
}

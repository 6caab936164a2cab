import type { BrokerDefinition } from '../driver/index.js';
import type { HandlerDeclaration } from './declaration.js';

/**
 * The declaration with those of its options moved into its source that are the source's own (a `groupId`, a `durable`);
 * what the source says itself gives way. The same object where there are none.
 */
export function withSourceOptions(
  { sourceOptions }: Pick<BrokerDefinition, 'sourceOptions'>,
  declaration: HandlerDeclaration,
): HandlerDeclaration {
  const given = Object.entries(declaration.options);
  if (sourceOptions === undefined || given.length === 0) return declaration;
  const isOfSource = ([name]: [string, unknown]): boolean => sourceOptions.names.includes(name);
  const moved = given.filter(isOfSource);
  if (moved.length === 0) return declaration;
  const { source } = declaration;
  const own = typeof source === 'string' ? sourceOptions.of(source) : source;
  return {
    ...declaration,
    source: { ...own, ...Object.fromEntries(moved.filter(([, value]) => value !== undefined)) },
    options: Object.fromEntries(given.filter((option) => !isOfSource(option))),
  };
}

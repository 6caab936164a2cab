import { nearestName } from './nearest-name.js';

/** All options of a type by name: the compiler tells where one is forgotten. */
export type OptionNames<T> = Readonly<Record<keyof T & string, true>>;

/**
 * A sentence for each option that there is none of, with the nearest one that there is: from JavaScript, from a variable
 * or by a spread the compiler says nothing of it. Of what is given only names are told.
 */
export function unknownOptions(given: unknown, names: Readonly<Record<string, true>>, prefix = ''): string[] {
  if (typeof given !== 'object' || given === null) return [];
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(names, name))
    .map((name) => `there is no option '${prefix}${name}'; ${hint(name, Object.keys(names), prefix)}`);
}

function hint(name: string, known: readonly string[], prefix: string): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `there are ${known.join(', ')}` : `did you mean '${prefix}${nearest}'?`;
}

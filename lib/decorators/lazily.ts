/**
 * An array whose items are computed each time it is spread, as Nest does with the lists of a module for each application
 * that it scans.
 *
 * @param all its items for everyone who does not spread it, such as Nest's `deep-hash` of dynamic modules
 */
export function lazily<T>(make: () => readonly T[], all: readonly T[] = []): T[] {
  return Object.defineProperty<T[]>([...all], Symbol.iterator, { value: () => make()[Symbol.iterator]() });
}

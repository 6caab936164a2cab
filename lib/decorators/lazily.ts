/**
 * An array whose items are computed each time it is spread, as Nest does with the lists of a module for each application
 * that it scans.
 *
 * @param all its items for everyone who does not spread it, such as Nest's `deep-hash` of dynamic modules
 */
export function lazily<T>(make: () => readonly T[], all: readonly T[] = []): T[] {
  const list = new LazyList(make);
  for (const item of all) list.push(item);
  return list;
}

/**
 * A class, as an array with an iterator of its own makes V8 (Node 20 to 26) give up its short way for all arrays of the
 * process: a publish by code took 27 µs instead of 19. What is computed from a list is a plain array.
 */
class LazyList<T> extends Array<T> {
  readonly #make: () => readonly T[];

  constructor(make: () => readonly T[]) {
    super();
    this.#make = make;
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override [Symbol.iterator](): ArrayIterator<T> {
    return this.#make()[Symbol.iterator]();
  }
}

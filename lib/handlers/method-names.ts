import { MetadataScanner } from '@nestjs/core';
import { decoratedNames, hasDecorated, isDecorated, isHandler } from '../decorators/index.js';

/** What is known of a class. Which of its methods are decorated is not: a test may put a mock in the place of one. */
interface Methods {
  readonly names: readonly string[];
  /** A mixin may have copied a decorated method from another class. */
  readonly copied: boolean;
}

/** By prototype; weak, as test files define classes without end. */
const known = new WeakMap<object, Methods>();

/** The names of the decorated methods of a class, inherited ones included. */
export function decoratedMethods(prototype: object): readonly string[] {
  const { names, copied } = known.get(prototype) ?? methodsOf(prototype);
  return copied || hasDecorated(prototype) ? names.filter((name) => isHandler(methodOf(prototype, name))) : [];
}

/**
 * The names of those in whose place stands what another decorator has made of them and given no metadata to: nobody
 * would call them. A mock of a test is put there on purpose.
 */
export function replacedMethods(prototype: object): readonly string[] {
  if (!hasDecorated(prototype)) return [];
  const { names } = known.get(prototype) ?? methodsOf(prototype);
  return names.filter((name) => {
    const method = methodOf(prototype, name);
    return !isHandler(method) && !isMock(method) && decoratedNames(ownerOf(prototype, name)).has(name);
  });
}

function methodsOf(prototype: object): Methods {
  const names = new MetadataScanner().getAllMethodNames(prototype);
  const methods = { names, copied: names.some((name) => isDecorated(methodOf(prototype, name))) };
  known.set(prototype, methods);
  return methods;
}

/** The class that has the method itself: the decorators of one that it overrides are not its own. */
function ownerOf(prototype: object, name: string): object {
  for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    if (Object.hasOwn(one, name)) return one;
  }
  return prototype;
}

function methodOf(of: object, name: string): unknown {
  return (of as Record<string, unknown>)[name];
}

/** As Jest, Vitest and node:test mark them, all by a property `mock`; and as Sinon does. */
function isMock(method: unknown): boolean {
  const { mock, isSinonProxy } = method as { readonly mock?: unknown; readonly isSinonProxy?: unknown };
  return typeof mock === 'object' || isSinonProxy === true;
}

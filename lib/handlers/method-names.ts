import { MetadataScanner } from '@nestjs/core';
import { isDecorated } from '../decorators/index.js';

/**
 * The names only: which of the methods are decorated is looked up each time, as a test may have put a mock in the place
 * of one. Weak, as test files define classes without end.
 */
const known = new WeakMap<object, readonly string[]>();

/** The names of the decorated methods of an instance, inherited ones included. */
export function decoratedMethods(instance: object, prototype: object): readonly string[] {
  return namesOf(prototype).filter((name) => isDecorated((instance as Record<string, unknown>)[name]));
}

function namesOf(prototype: object): readonly string[] {
  const names = known.get(prototype) ?? new MetadataScanner().getAllMethodNames(prototype);
  known.set(prototype, names);
  return names;
}

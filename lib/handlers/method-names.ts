import { MetadataScanner } from '@nestjs/core';
import { hasDecorated, isDecorated } from '../decorators/index.js';

/** What is known of a class. Which of its methods are decorated is not: a test may put a mock in the place of one. */
interface Methods {
  readonly names: readonly string[];
  /** A mixin may have copied a decorated method from another class. */
  readonly copied: boolean;
}

/** By prototype; weak, as test files define classes without end. */
const known = new WeakMap<object, Methods>();

/** The names of the decorated methods of an instance, inherited ones included. */
export function decoratedMethods(instance: object, prototype: object): readonly string[] {
  const { names, copied } = known.get(prototype) ?? methodsOf(prototype);
  return copied || hasDecorated(prototype) ? names.filter((name) => isDecorated(methodOf(instance, name))) : [];
}

function methodsOf(prototype: object): Methods {
  const names = new MetadataScanner().getAllMethodNames(prototype);
  const methods = { names, copied: names.some((name) => isDecorated(methodOf(prototype, name))) };
  known.set(prototype, methods);
  return methods;
}

function methodOf(of: object, name: string): unknown {
  return (of as Record<string, unknown>)[name];
}

import type { NestModule, Wrapper } from './nest-internals.js';

/** A provider or controller that has handlers. */
export interface HandlerHost {
  /** The instance; of a scoped one a placeholder that was never constructed, good for reading metadata only. */
  readonly instance: object;
  readonly className: string;
  readonly wrapper: Wrapper;
  readonly module: NestModule;
  /** The names of its decorated methods. */
  readonly methods: readonly string[];
  /** The names of those that another decorator has replaced. */
  readonly replaced: readonly string[];
}

/** A method of it. */
export interface HandlerMethod extends HandlerHost {
  readonly method: string;
}

type Method = (...args: unknown[]) => unknown;

/**
 * The method of the given instance. One that its constructor has put in the place of the class's own, bound or wrapped,
 * gets what decorators say of that: Nest would leave its guards out without a word.
 */
export function functionOf(instance: object, name: string): Method {
  const decorated = methodOf(Object.getPrototypeOf(instance) as object, name) as Method;
  const called = methodOf(instance, name);
  if (called === decorated || typeof called !== 'function') return decorated;
  for (const key of Reflect.getOwnMetadataKeys(decorated) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, decorated), called);
  }
  return called as Method;
}

function methodOf(of: object, name: string): unknown {
  return (of as Record<string, unknown>)[name];
}

/** Whether an instance has to be made for each message: by its own scope, a dependency's, or an enhancer's. */
export function isScoped({ wrapper }: HandlerHost): boolean {
  return !wrapper.isDependencyTreeStatic() || wrapper.isTransient;
}

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
}

/** A method of it. */
export interface HandlerMethod extends HandlerHost {
  readonly method: string;
}

/** The method itself, of the given instance. */
export function functionOf(instance: object, method: string): (...args: unknown[]) => unknown {
  return (instance as Record<string, (...args: unknown[]) => unknown>)[method] as (...args: unknown[]) => unknown;
}

/** Whether an instance has to be made for each message: by its own scope, a dependency's, or an enhancer's. */
export function isScoped({ wrapper }: HandlerHost): boolean {
  return !wrapper.isDependencyTreeStatic() || wrapper.isTransient;
}

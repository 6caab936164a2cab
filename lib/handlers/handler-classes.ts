import { ApplicationConfig, MetadataScanner, ModuleRef } from '@nestjs/core';
import { decoratedNames, hasDecorated, isDecorated, isHandler } from '../decorators/index.js';
import type { NestModule, Wrapper } from './pipeline/nest-internals.js';
import { STATIC_CONTEXT } from './pipeline/nest-imports.js';

/**
 * Providers that Nest adds to each module, which need no search. The class of a ModuleRef is created per module, so
 * that caching by class would not help either.
 */
const NEST: readonly unknown[] = [ModuleRef, ApplicationConfig];

/**
 * All providers and controllers with decorated methods, each instance once. A factory or an alias may return an
 * instance of another provider; the one created from a class is preferred, as Nest knows its enhancers.
 */
export function findHosts(modules: Iterable<NestModule>): HandlerHost[] {
  const hosts = new Map<object, HandlerHost>();
  eachWrapper(modules, (wrapper, module) => {
    const host = hostOf(wrapper, module);
    if (host === undefined) return;
    const known = hosts.get(host.instance);
    if (!known || (known.wrapper.isNotMetatype && !host.wrapper.isNotMetatype)) hosts.set(host.instance, host);
  });
  return [...hosts.values()];
}

/** Whether a singleton provider or controller is not created yet. */
export function isBeingBuilt(modules: Iterable<NestModule>): boolean {
  return someWrapper(modules, (wrapper) => {
    if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) return false;
    return wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved !== true;
  });
}

/** Whether it holds for a provider or controller. */
export function someWrapper(modules: Iterable<NestModule>, holds: (wrapper: Wrapper) => boolean): boolean {
  for (const module of modules) {
    for (const wrapper of module.providers.values()) if (holds(wrapper)) return true;
    for (const wrapper of module.controllers.values()) if (holds(wrapper)) return true;
  }
  return false;
}

/** Calls for each provider and controller. */
export function eachWrapper(
  modules: Iterable<NestModule>,
  visit: (wrapper: Wrapper, module: NestModule) => void,
): void {
  for (const module of modules) {
    for (const wrapper of module.providers.values()) visit(wrapper, module);
    for (const wrapper of module.controllers.values()) visit(wrapper, module);
  }
}

function hostOf(wrapper: Wrapper, module: NestModule): HandlerHost | undefined {
  if (wrapper.isAlias || NEST.includes(wrapper.token)) return undefined;
  const instance: unknown = wrapper.instance;
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  if (prototype === null || prototype === Object.prototype || Array.isArray(instance)) return undefined;
  const methods = decoratedMethods(prototype);
  const replaced = replacedMethods(prototype);
  if (methods.length === 0 && replaced.length === 0) return undefined;
  return { instance, className: classNameOf(wrapper, instance), wrapper, module, methods, replaced };
}

function classNameOf(wrapper: Wrapper, instance: object): string {
  const { metatype } = wrapper;
  return typeof metatype === 'function' && !wrapper.isNotMetatype ? metatype.name : instance.constructor.name;
}

/** A provider or controller that has handlers. */
export interface HandlerHost {
  /** The instance; for a scoped class a placeholder that was never constructed, only good for reading metadata. */
  readonly instance: object;
  readonly className: string;
  readonly wrapper: Wrapper;
  readonly module: NestModule;
  /** Names of the decorated methods. */
  readonly methods: readonly string[];
  /** Names of decorated methods that another decorator has replaced. */
  readonly replaced: readonly string[];
}

/** One handler method of a host. */
export interface HandlerMethod extends HandlerHost {
  readonly method: string;
}

type Method = (...args: unknown[]) => unknown;

/**
 * The method of an instance. A constructor may have replaced the class's method by a bound or wrapped one; it then gets
 * the metadata of the original, without which Nest would silently leave its guards out.
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

/** Whether each message needs its own instance: because of its scope, a dependency's, or an enhancer's. */
export function isScoped({ wrapper }: HandlerHost): boolean {
  return !wrapper.isDependencyTreeStatic() || wrapper.isTransient;
}

/** Cached facts of a class; not which methods are decorated, as a test may replace one with a mock. */
interface Methods {
  readonly names: readonly string[];
  /** Whether a mixin may have copied a decorated method from another class. */
  readonly copied: boolean;
}

/** Keyed by prototype, and weak: a test run may define classes without end. */
const known = new WeakMap<object, Methods>();

/** The names of the decorated methods of a class, inherited ones included. */
export function decoratedMethods(prototype: object): readonly string[] {
  const { names, copied } = known.get(prototype) ?? methodsOf(prototype);
  return copied || hasDecorated(prototype) ? names.filter((name) => isHandler(methodOf(prototype, name))) : [];
}

/**
 * Names of the methods that another decorator has replaced without copying their metadata: they would never be called.
 * Mocks of tests are not listed.
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

/** The prototype that declares the method: decorators of an overridden method do not count. */
function ownerOf(prototype: object, name: string): object {
  for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    if (Object.hasOwn(one, name)) return one;
  }
  return prototype;
}

/** Recognizes mocks of Jest, Vitest and node:test by their property `mock`, and those of Sinon. */
function isMock(method: unknown): boolean {
  const { mock, isSinonProxy } = method as { readonly mock?: unknown; readonly isSinonProxy?: unknown };
  return typeof mock === 'object' || isSinonProxy === true;
}

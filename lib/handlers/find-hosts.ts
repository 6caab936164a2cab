import { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import type { HandlerHost } from './handler-host.js';
import { decoratedMethods, replacedMethods } from './method-names.js';
import type { NestModule, Wrapper } from './nest-internals.js';

/**
 * Nest's own, once in each module. A ModuleRef is of a class that is made anew for each, so that nothing is known of
 * it.
 */
const NEST: readonly unknown[] = [ModuleRef, ApplicationConfig];

/**
 * All providers and controllers that have decorated methods, each instance once: a factory or an alias may hand out an
 * instance that another provider made, and Nest knows the enhancers of the one that it made from a class.
 */
export function findHosts(modules: Iterable<NestModule>): HandlerHost[] {
  const hosts = new Map<object, HandlerHost>();
  for (const { wrapper, module } of wrappersOf(modules)) {
    const host = hostOf(wrapper, module);
    if (host === undefined) continue;
    const known = hosts.get(host.instance);
    if (!known || (known.wrapper.isNotMetatype && !host.wrapper.isNotMetatype)) hosts.set(host.instance, host);
  }
  return [...hosts.values()];
}

/** Whether a provider or controller that lives as long as the application is not made yet. */
export function isBeingBuilt(modules: Iterable<NestModule>): boolean {
  for (const { wrapper } of wrappersOf(modules)) {
    if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) continue;
    if (wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved !== true) return true;
  }
  return false;
}

export function* wrappersOf(modules: Iterable<NestModule>): Iterable<{ wrapper: Wrapper; module: NestModule }> {
  for (const module of modules) {
    for (const wrapper of module.providers.values()) yield { wrapper, module };
    for (const wrapper of module.controllers.values()) yield { wrapper, module };
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

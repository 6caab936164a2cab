import type { AbstractHttpAdapter } from '@nestjs/core';

/**
 * Stands for the HTTP server of an application that will not listen: any use of it does nothing. With it
 * `NestFactory.create()` needs no platform package, and creates all providers without calling a hook, while
 * `createApplicationContext()` runs the hooks, which would start the brokers.
 */
export function noServer(): AbstractHttpAdapter {
  return nothing as AbstractHttpAdapter;
}

/** Callable with any arguments, with any property; each gives the same object. */
const nothing: unknown = new Proxy(() => undefined, {
  get: (_target, name) => {
    if (name === 'toString' || name === 'valueOf') return () => '';
    return isAsked(name) ? undefined : nothing;
  },
  apply: () => nothing,
  construct: () => nothing as object,
});

/** What `await`, Nest and a conversion to text ask an object for. */
const isAsked = (name: string | symbol): boolean => typeof name === 'symbol' || ASKED.has(name);
const ASKED = new Set(['then', 'catch', 'toJSON', 'onModuleInit', 'onApplicationBootstrap', 'prototype']);

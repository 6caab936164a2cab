import { PARAMTYPES_METADATA, PROPERTY_DEPS_METADATA, SELF_DECLARED_DEPS_METADATA } from '@nestjs/common/constants.js';
import { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import { getBrokerToken } from '../decorators/index.js';
import { MultiBroker } from '../driver/index.js';
import type { Wrapper } from './nest-internals.js';

/** What a broker can be had by. */
const FINDERS: ReadonlySet<unknown> = new Set([MultiBroker, ModuleRef, LazyModuleLoader, getBrokerToken()]);
const OF_A_NAME = getBrokerToken('');

/** One class serves all tests of a file. */
const known = new WeakMap<object, boolean>();

/** Whether a provider or controller is given a broker, or what finds one: it may publish by hand. */
export function findsBrokers({ metatype, inject, isAlias }: Wrapper): boolean {
  if (isAlias) return false;
  if (inject) return inject.some(isFinder);
  if (typeof metatype !== 'function') return false;
  const found = known.get(metatype) ?? dependenciesOf(metatype).some(isFinder);
  known.set(metatype, found);
  return found;
}

/** Of constructor and properties, by type and by token. */
function dependenciesOf(type: object): unknown[] {
  const own = Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, type) as { readonly param: unknown }[] | undefined;
  const properties = Reflect.getMetadata(PROPERTY_DEPS_METADATA, type) as { readonly type: unknown }[] | undefined;
  return [
    ...((Reflect.getMetadata(PARAMTYPES_METADATA, type) as unknown[] | undefined) ?? []),
    ...(own ?? []).map(({ param }) => param),
    ...(properties ?? []).map((property) => property.type),
  ];
}

function isFinder(dependency: unknown): boolean {
  const token = tokenOf(dependency);
  return FINDERS.has(token) || (typeof token === 'string' && token.startsWith(OF_A_NAME));
}

interface Wrapped {
  readonly forwardRef?: () => unknown;
  readonly token?: unknown;
}

/** `forwardRef(() => X)` and `{ token: X, optional: true }` name X. */
function tokenOf(dependency: unknown): unknown {
  if (typeof dependency !== 'object' || dependency === null) return dependency;
  const { forwardRef, token } = dependency as Wrapped;
  return typeof forwardRef === 'function' ? forwardRef() : token;
}

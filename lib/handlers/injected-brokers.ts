import { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import { brokerToken } from '../decorators/index.js';
import { MultiBroker } from '../driver/index.js';
import type { Wrapper } from './pipeline/nest-internals.js';
import {
  OPTIONAL_DEPS_METADATA,
  OPTIONAL_PROPERTY_DEPS_METADATA,
  PARAMTYPES_METADATA,
  PROPERTY_DEPS_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from './pipeline/nest-imports.js';

/** Tokens that give access to a broker. */
const FINDERS: ReadonlySet<unknown> = new Set([MultiBroker, ModuleRef, LazyModuleLoader, brokerToken()]);
const OF_A_NAME = brokerToken('');

/** Cached by class: all tests of a file share their classes. */
const known = new WeakMap<object, boolean>();

/** Whether a provider or controller injects a broker or something that finds one, and so may publish explicitly. */
export function findsBrokers({ metatype, inject, isAlias }: Wrapper): boolean {
  if (isAlias) return false;
  if (inject) return inject.some(isFinder);
  if (typeof metatype !== 'function') return false;
  const found = known.get(metatype) ?? dependenciesOf(metatype).some(isFinder);
  known.set(metatype, found);
  return found;
}

/** Names of the brokers that a provider or controller requires. */
export function injectedBrokers({ metatype, inject, isAlias }: Wrapper): string[] {
  if (isAlias) return [];
  const given = inject ?? (typeof metatype === 'function' ? neededBy(metatype) : []);
  return given
    .filter((dependency) => !(dependency as Wrapped | undefined)?.optional)
    .map(tokenOf)
    .filter((token) => typeof token === 'string' && token.startsWith(OF_A_NAME))
    .map((token) => (token as string).slice(OF_A_NAME.length));
}

/** Required tokens of a class; tokens and `@Optional()` stem from decorators only. */
function neededBy(type: object): unknown[] {
  const own = (Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, type) ?? []) as readonly Declared[];
  const optional = (Reflect.getMetadata(OPTIONAL_DEPS_METADATA, type) ?? []) as readonly number[];
  const properties = (Reflect.getMetadata(PROPERTY_DEPS_METADATA, type) ?? []) as readonly DeclaredProperty[];
  const spared = (Reflect.getMetadata(OPTIONAL_PROPERTY_DEPS_METADATA, type) ?? []) as readonly string[];
  return [
    ...own.filter(({ index }) => !optional.includes(index)).map(({ param }) => param),
    ...properties.filter(({ key }) => !spared.includes(key)).map((property) => property.type),
  ];
}

interface Declared {
  readonly index: number;
  readonly param: unknown;
}
interface DeclaredProperty {
  readonly key: string;
  readonly type: unknown;
}

/** Dependencies of constructor and properties, by type and by token. */
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
  readonly optional?: boolean;
}

/** Unwraps `forwardRef(() => X)` and `{ token: X, optional: true }`. */
function tokenOf(dependency: unknown): unknown {
  if (typeof dependency !== 'object' || dependency === null) return dependency;
  const { forwardRef, token } = dependency as Wrapped;
  return typeof forwardRef === 'function' ? forwardRef() : token;
}

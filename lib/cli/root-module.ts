import 'reflect-metadata';
import type { DynamicModule, Type } from '@nestjs/common';
import { errorOf, nearestName, phrase } from '../errors/index.js';

/** A root module as `NestFactory.create()` takes it. */
export type RootModule = Type | DynamicModule;

/** A module among the exports of a file. */
export interface FoundModule {
  /** The name of the export, or of the class where the export is `default`. */
  readonly name: string;
  readonly module: RootModule;
}

/**
 * The root module among the exports of a file: the one that is asked for, else `AppModule`, the default export, or the
 * only one. Throws MULTI_BROKER_CLI_MODULE.
 */
export function rootModule(exported: unknown, file: string, wanted: string | undefined): FoundModule {
  const modules = modulesOf(exported);
  const names = [...modules.keys()];
  if (wanted !== undefined) return named(modules, wanted, file);
  const name = ['AppModule', 'default'].find((one) => modules.has(one)) ?? only(modules);
  if (name !== undefined) return found(modules, name);
  if (names.length === 0) throw errorOf('MULTI_BROKER_CLI_MODULE.noModule', { file });
  throw errorOf('MULTI_BROKER_CLI_MODULE.severalModules', { file, modules: names.join(', ') });
}

type Modules = ReadonlyMap<string, RootModule>;

function named(modules: Modules, name: string, file: string): FoundModule {
  if (modules.has(name)) return found(modules, name);
  const byClass = [...modules].find(([, module]) => classOf(module).name === name);
  if (byClass !== undefined) return { name, module: byClass[1] };
  const near = nearestName(name, [...modules.keys()]);
  const known = [...modules.keys()].join(', ') || 'none';
  const hint = near === undefined ? phrase('known', { known }) : phrase('didYouMean', { near });
  throw errorOf('MULTI_BROKER_CLI_MODULE.notExported', { file, name, hint });
}

function found(modules: Modules, name: string): FoundModule {
  const module = modules.get(name) as RootModule;
  return { name: name === 'default' ? classOf(module).name : name, module };
}

/** One class may be exported under two names. */
function only(modules: Modules): string | undefined {
  return new Set(modules.values()).size === 1 ? [...modules.keys()][0] : undefined;
}

/** By the names of their exports. `import()` gives the exports of a CommonJS file as `default`, too. */
function modulesOf(exported: unknown): Modules {
  const { default: whole, ...names } = exported as { readonly default?: unknown };
  const inner = isObject(whole) && !isModule(whole) ? whole : { default: whole };
  const entries = Object.entries({ ...inner, ...names });
  return new Map(entries.filter((entry): entry is [string, RootModule] => isModule(entry[1])));
}

function isModule(value: unknown): value is RootModule {
  if (typeof value === 'function') return MODULE_KEYS.some((key) => Reflect.hasMetadata(key, value));
  return isObject(value) && typeof (value as { readonly module?: unknown }).module === 'function';
}

/** `@Module` stores its options one by one, under their names. */
const MODULE_KEYS = ['imports', 'providers', 'controllers', 'exports'];

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const classOf = (module: RootModule): Type => (typeof module === 'function' ? module : module.module);

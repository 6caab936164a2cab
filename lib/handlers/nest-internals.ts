import type { CanActivate, ExecutionContext, NestInterceptor, PipeTransform } from '@nestjs/common';
import type { ContextId, ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { isObservable } from 'rxjs';
import { PAYLOAD } from '../decorators/index.js';
import { settleObservable } from './emissions.js';
import { watchedGuard } from './http-guard.js';
import { refusePiped } from './pipe-refusal.js';
import { markRefusal } from './refusal.js';
import { keepingOutgoing } from './serializers.js';

/** A module of the container, and what it knows of one of its providers or controllers. */
export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

export type NestPipe = PipeTransform;

/** What Nest itself provides, of the first module that has it: to inject it would cost each start a parameter. */
export function instanceOf<T>(modules: ModulesContainer, type: abstract new (...args: never[]) => T): T {
  for (const { providers } of modules.values()) {
    const instance: unknown = providers.get(type)?.instance;
    if (instance instanceof type) return instance;
  }
  throw new TypeError(`Nest provides no ${type.name}`);
}

/** One parameter, as {@link ExternalContextCreator} reads the decorators of it. */
export interface NestParameter {
  readonly index: number;
  readonly type: number | string;
  readonly data?: unknown;
  readonly metatype?: unknown;
  readonly schema?: unknown;
  readonly pipes: readonly NestPipe[];
  /** It stands for the payload of a method that decorates none of its parameters; the context follows it. */
  readonly isUndecorated?: boolean;
  extractValue(...args: unknown[]): unknown;
}

/** Of a method without decorated parameters: pipes see its payload, as in Nest's own microservices. */
const UNDECORATED: NestParameter = {
  index: 0,
  type: PAYLOAD,
  pipes: [],
  isUndecorated: true,
  extractValue: (payload) => payload,
};

/** An exception filter, bound, with the classes that it catches (none: all). */
export interface NestFilter {
  readonly func: (error: unknown, host: ExecutionContext) => unknown;
  readonly exceptionMetatypes: readonly (abstract new (...args: never[]) => unknown)[];
}

type Create<T> = (instance: object, callback: object, module: string, contextId?: ContextId, inquirer?: string) => T;
type Guards = readonly CanActivate[];
type Activate = ((args: unknown[]) => Promise<void>) | null;
type ApplyPipes = ((args: unknown[], payload: unknown, context: unknown) => Promise<void>) | null;
interface HandlerMetadata {
  readonly argsLength: number;
  readonly paramtypes?: readonly unknown[];
  getParamsMetadata(module: string, contextId?: ContextId, inquirer?: string): readonly NestParameter[] | null;
}
interface ParamsFactory {
  exchangeKeyForValue(type: number, data: unknown, args: unknown[]): unknown;
}

/**
 * What is used of Nest's ExternalContextCreator beyond its public `create`: the same members in Nest 11 and 12. All
 * that depends on Nest's insides is in this file.
 */
export interface NestCreator {
  /** A test's eyes: called right before each method, when guards, interceptors and pipes have let it through. */
  methodCalled?: (() => void) | undefined;
  guardsContextCreator: { create: Create<Guards>; config?: GlobalEnhancers };
  interceptorsContextCreator: { create: Create<readonly NestInterceptor[]> };
  readonly pipesContextCreator: { create: Create<readonly NestPipe[]> };
  readonly filtersContextCreator: { create: Create<{ readonly filters?: readonly NestFilter[] }> };
  readonly contextUtils: {
    mergeParamsMetatypes(parameters: readonly NestParameter[], types?: readonly unknown[]): readonly NestParameter[];
  };
  handlerMetadataStorage: object;
  create: ExternalContextCreator['create'];
  getMetadata(instance: object, method: string, key: string, factory: ParamsFactory, type: string): HandlerMetadata;
  getContextModuleKey(type: unknown): string;
  getHostModuleKey(instance: unknown, type: unknown, inquirer?: string): string;
  transformToResult(result: unknown): unknown;
  createGuardsFn(guards: Guards, instance: object, callback: object, type: string): Activate;
  createPipesFn(pipes: readonly NestPipe[], parameters: readonly NestParameter[]): ApplyPipes;
}

/** The enhancers of the application; those of `Request` are made anew for each one. */
export interface GlobalEnhancers {
  getGlobalGuards(): readonly unknown[];
  getGlobalInterceptors(): readonly unknown[];
  getGlobalPipes(): readonly unknown[];
  getGlobalFilters(): readonly unknown[];
  getGlobalRequestGuards(): readonly unknown[];
  getGlobalRequestInterceptors(): readonly unknown[];
  getGlobalRequestPipes(): readonly unknown[];
  getGlobalRequestFilters(): readonly unknown[];
}

/**
 * A copy of Nest's creator for the handlers of one module; the injected one stays as it is.
 *
 * - The module is told, not searched: the search knows providers only, and drops every guard that a controller or
 *   its methods name by class.
 * - All items of an Observable are kept, where Nest keeps the last.
 * - What a guard or a pipe refuses is marked; of a guard that is made for HTTP it is told.
 * - Serializers leave `outgoing()` as it is.
 * - The payload of a method that decorates no parameter goes through the pipes too.
 * - It has a cache of its own: Nest 11 would hand out what another library's context type made of the same method.
 */
export function creatorFor(
  external: ExternalContextCreator,
  module: NestModule,
  tell: (warning: string) => void = () => undefined,
  methodCalled?: () => void,
): NestCreator {
  const original = external as unknown as NestCreator;
  const creator = Object.create(original) as NestCreator;
  creator.methodCalled = methodCalled;
  const Storage = original.handlerMetadataStorage.constructor as new () => object;
  creator.handlerMetadataStorage = new Storage();
  creator.getContextModuleKey = () => module.token;
  creator.getHostModuleKey = () => module.token;
  creator.guardsContextCreator = mapping(original.guardsContextCreator, (guard: CanActivate) =>
    watchedGuard(guard, tell),
  );
  creator.interceptorsContextCreator = mapping(original.interceptorsContextCreator, keepingOutgoing);
  creator.transformToResult = (result) => (isObservable(result) ? settleObservable(result) : result);
  creator.createGuardsFn = (guards, instance, callback, type) => {
    const activate = original.createGuardsFn.call(creator, guards, instance, callback, type);
    return activate && ((args) => activate(args).catch(refuse));
  };
  creator.getMetadata = (...of) => withPayload(original.getMetadata.call(creator, ...of));
  creator.createPipesFn = (pipes, parameters) => {
    const apply = refusingPipes(original.createPipesFn.call(creator, pipes, parameters));
    const ready = parameters[0]?.isUndecorated === true ? withContext(apply, pipes) : apply;
    return methodCalled ? noted(ready, methodCalled) : ready;
  };
  return creator;
}

interface Creates<T> {
  create: Create<readonly T[]>;
}

/** A copy; `create` is called on what is made of it, so that it counts what is set there. */
function mapping<T, C extends Creates<T>>(original: C & Creates<T>, map: (one: T) => T): C {
  function create(this: C, ...found: Parameters<Create<unknown>>): readonly T[] {
    return original.create.apply(this, found).map(map);
  }
  return Object.assign(Object.create(original) as C, { create });
}

function withPayload(metadata: HandlerMetadata): HandlerMetadata {
  const getParamsMetadata: HandlerMetadata['getParamsMetadata'] = (...found) => {
    const parameters = metadata.getParamsMetadata(...found) ?? [];
    return parameters.length > 0 ? parameters : [UNDECORATED];
  };
  return { ...metadata, getParamsMetadata };
}

/** Without pipes Nest hands payload and context on as they are. */
function withContext(apply: ApplyPipes, pipes: readonly NestPipe[]): ApplyPipes {
  if (apply === null || pipes.length === 0) return null;
  return async (args, payload, context) => {
    await apply(args, payload, context);
    args[1] = context;
  };
}

function refusingPipes(apply: ApplyPipes): ApplyPipes {
  return apply && ((...args) => apply(...args).catch(refusePiped));
}

/** Nest calls the method as soon as this is over, and with what came where it is null. */
function noted(apply: ApplyPipes, methodCalled: () => void): ApplyPipes {
  return async (args, payload, context) => {
    if (apply) await apply(args, payload, context);
    else args.splice(0, 2, payload, context);
    methodCalled();
  };
}

function refuse(error: unknown): never {
  throw markRefusal(error);
}

/** Whether an `APP_*` enhancer of the application is made for each request. */
export function hasScopedGlobals(creator: NestCreator): boolean {
  const { config } = creator.guardsContextCreator;
  if (!config) return false;
  return [
    config.getGlobalRequestGuards(),
    config.getGlobalRequestInterceptors(),
    config.getGlobalRequestPipes(),
    config.getGlobalRequestFilters(),
  ].some((enhancers) => enhancers.length > 0);
}

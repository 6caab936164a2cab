import type { CanActivate, ExecutionContext, NestInterceptor, PipeTransform } from '@nestjs/common';
import type { ContextId, ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { isObservable } from 'rxjs';
import { PAYLOAD } from '../../decorators/index.js';
import { markRefusal, watchedGuard } from './guards.js';
import { settleObservable } from './observable-items.js';
import { refusePiped } from './pipes.js';
import { keepingOutgoing } from './serializers.js';

/** A module of the container, and its wrapper of one provider or controller. */
export type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

export type NestPipe = PipeTransform;

/** Looks up a provider of Nest itself in the first module that has it: injecting it would slow down each start. */
export function instanceOf<T>(modules: ModulesContainer, type: abstract new (...args: never[]) => T): T {
  for (const { providers } of modules.values()) {
    const instance: unknown = providers.get(type)?.instance;
    if (instance instanceof type) return instance;
  }
  throw new TypeError(`Nest has no provider of ${type.name}`);
}

/** One parameter with the decorators that {@link ExternalContextCreator} has read. */
export interface NestParameter {
  readonly index: number;
  readonly type: number | string;
  readonly data?: unknown;
  readonly metatype?: unknown;
  readonly schema?: unknown;
  readonly pipes: readonly NestPipe[];
  /** Whether it represents the payload of a method without decorated parameters, which the context follows. */
  readonly isUndecorated?: boolean;
  extractValue(...args: unknown[]): unknown;
}

/** The parameter of methods without decorated ones: pipes see the payload, as in Nest's own microservices. */
const UNDECORATED: NestParameter = {
  index: 0,
  type: PAYLOAD,
  pipes: [],
  isUndecorated: true,
  extractValue: (payload) => payload,
};

/** A bound exception filter with the classes that it catches; an empty list catches all. */
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
 * Members of Nest's ExternalContextCreator beyond its public `create`, which are the same in Nest 11 and 12. All code
 * that depends on Nest's internals is in this file and nest-imports.ts.
 */
export interface NestCreator {
  /** Lets a test see each call of a method, after guards, interceptors and pipes. */
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

/** The global enhancers; those with `Request` in their name are request-scoped. */
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
 * A modified copy of Nest's creator for the handlers of one module; the injected creator is not changed.
 *
 * - The module is set, not searched: Nest's search knows only providers, and would drop guards that a controller or its
 *   methods name by class.
 * - All items of an Observable are kept; Nest keeps only the last.
 * - Refusals of guards and pipes are marked; a guard written for HTTP causes a warning.
 * - Serializers keep `outgoing()`.
 * - The payload of a method without decorated parameters goes through the pipes too.
 * - It has its own metadata cache: Nest 11 would return that of another library's context type for the same method.
 */
export function creatorFor(
  external: ExternalContextCreator,
  module: NestModule,
  warn: (warning: string) => void = () => undefined,
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
    watchedGuard(guard, warn),
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

/** Copies a creator and maps its results. `create` is called on the derived object, so that overrides there apply. */
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

/** Passes the context on behind the piped payload; without pipes Nest itself passes both on. */
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

/** Reports the call of a method, which Nest makes right after the pipes; with null, arguments pass unchanged. */
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

/** Whether an `APP_*` enhancer of the application is request-scoped. */
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

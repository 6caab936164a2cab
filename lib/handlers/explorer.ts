import { ExternalContextCreator, ModuleRef, type ModulesContainer } from '@nestjs/core';
import { errorOf, type MultiBrokerError } from '../errors/index.js';
import { type ClassOptions, classOptionsOf } from './class-options.js';
import type { HandlerDeclaration } from './declaration.js';
import { filledIn, shown } from './decorator-values.js';
import { globalNames, withoutGlobals } from './global-enhancers.js';
import {
  eachWrapper,
  findHosts,
  type HandlerHost,
  type HandlerMethod,
  isBeingBuilt,
  isScoped,
  someWrapper,
} from './handler-classes.js';
import { findsBrokers, injectedBrokers } from './injected-brokers.js';
import { batchParameterProblems, enhancerProblems, parameterProblems } from './method-check.js';
import { metadataOf } from './method-metadata.js';
import { compiledCall } from './pipeline/compiled-call.js';
import { canCompile, externalCall } from './pipeline/external-call.js';
import { creatorFor, instanceOf, type NestCreator, type NestModule } from './pipeline/nest-internals.js';
import { scopedCall } from './pipeline/scoped-call.js';

/** The result of {@link HandlerExplorer.explore}. */
export interface Explored {
  readonly declarations: readonly HandlerDeclaration[];
  /** Problems that belong to no declaration. */
  readonly problems: readonly MultiBrokerError[];
  /** Log lines for handlers that `enabled: false` leaves out. */
  readonly leftOut: readonly string[];
  /** Whether a class injects a broker, or something that finds one. */
  readonly findsBrokers: boolean;
  /** Whether a class injects a broker, or a handler takes its context: such code may publish to any address. */
  readonly publishesAnywhere: boolean;
}

/** Settings of the application for its handlers. */
export interface ExplorerSettings {
  /** Whether global enhancers run for handlers without an option of their own. */
  globalEnhancers(): boolean;
  warn(warning: string): void;
  /** Lets a test see each call of a handler's method. */
  readonly methodCalled?: (() => void) | undefined;
}

const SETTINGS: ExplorerSettings = { globalEnhancers: () => true, warn: () => undefined };

/** Finds the decorated methods of all providers and controllers, once, and builds the call of each through Nest. */
export class HandlerExplorer {
  private readonly creators = new Map<NestModule, NestCreator>();
  private readonly unread: MultiBrokerError[] = [];
  private readonly leftOut: string[] = [];
  private readonly classes = new Map<object, ClassOptions | undefined>();
  private explored: Explored | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly settings = SETTINGS,
  ) {}

  /** The global enhancers, by kind and name. */
  globalEnhancers(): readonly string[] {
    const external = instanceOf(this.modules, ExternalContextCreator) as unknown as NestCreator;
    return globalNames(external.guardsContextCreator.config);
  }

  /**
   * Cached after the first call. With `allBuilt`, start-up hooks have begun, so every provider is known to be created.
   *
   * @throws MultiBrokerError MULTI_BROKER_NOT_CONNECTED while Nest still creates providers: an instance found then
   * might be a placeholder whose constructor was never called.
   */
  explore(allBuilt = false): Explored {
    if (!allBuilt && this.explored === undefined && isBeingBuilt(this.modules.values())) throw tooEarly();
    return (this.explored ??= this.search());
  }

  /** The broker names that classes inject, with those classes. */
  injected(): readonly { readonly name: string; readonly by: string }[] {
    const all: { readonly name: string; readonly by: string }[] = [];
    eachWrapper(this.modules.values(), (wrapper) => {
      for (const name of injectedBrokers(wrapper)) all.push({ name, by: String(wrapper.name) });
    });
    return all;
  }

  private search(): Explored {
    const hosts = findHosts(this.modules.values());
    const methods = hosts.flatMap(methodsOf);
    const findsABroker = someWrapper(this.modules.values(), findsBrokers);
    const declarations = methods.flatMap((method) => this.declarationsOf(method));
    const problems = [...hosts.flatMap(replacedMethods), ...methods.flatMap(publisherWithoutSource), ...this.unread];
    const publishesAnywhere = findsABroker || methods.some((method) => metadataOf(method).takesContext);
    return { declarations, problems, leftOut: this.leftOut, findsBrokers: findsABroker, publishesAnywhere };
  }

  private declarationsOf(method: HandlerMethod): HandlerDeclaration[] {
    const metadata = metadataOf(method);
    if (metadata.subscriptions.length === 0) return [];
    const creator = (): NestCreator => this.creatorOf(method.module);
    const handler = `${method.className}.${method.method}`;
    const known = { type: method.instance.constructor as unknown, name: method.method, host: method };
    const common = this.classOf(method);
    const { subscriptions: configured, publishTo, problems: unread } = filledIn(metadata, method, handler, common);
    // Problems of the method are reported once, however many sources it has.
    const own = [...parameterProblems(method), ...enhancerProblems(method, creator)];
    const enabled = configured.filter((subscription) => subscription.enabled);
    for (const each of configured) if (!each.enabled) this.leftOut.push(`${handler} does not read ${shown(each)}`);
    if (enabled.length > 0) this.unread.push(...unread);
    if (unread.length > 0 || (common?.problems ?? []).length > 0) return [];
    const params = { names: metadata.paramNames, sources: enabled.length };
    return enabled.map(({ broker, ofClass, source, options }, place) => {
      const first = place === 0 ? own : [];
      const problems = options.batch === undefined ? first : [...first, ...batchParameterProblems(method)];
      const call = this.callOf(method, creator, options.globalEnhancers);
      const [defaults, prefix] = [common?.defaults, ofClass ? common?.prefix : undefined];
      return { handler, method: known, broker, source, options, defaults, prefix, params, publishTo, problems, call };
    });
  }

  /** Read once for each instance, and its problems are reported once. */
  private classOf(host: HandlerHost): ClassOptions | undefined {
    if (this.classes.has(host.instance)) return this.classes.get(host.instance);
    const options = classOptionsOf(host);
    this.classes.set(host.instance, options);
    this.unread.push(...(options?.problems ?? []));
    return options;
  }

  /** Compiles the call at the first message: in a test most handlers receive none. */
  private callOf(
    method: HandlerMethod,
    creator: () => NestCreator,
    globals: boolean | undefined,
  ): HandlerDeclaration['call'] {
    let call: HandlerDeclaration['call'] | undefined;
    const compile = (): HandlerDeclaration['call'] => {
      const all = globals ?? this.settings.globalEnhancers();
      return this.compile(method, all ? creator() : withoutGlobals(creator()));
    };
    return (context) => (call ??= compile())(context);
  }

  private compile(method: HandlerMethod, creator: NestCreator): HandlerDeclaration['call'] {
    if (isScoped(method)) return scopedCall(method, creator, instanceOf(this.modules, ModuleRef));
    return canCompile(creator) ? compiledCall(method, creator) : externalCall(method, creator);
  }

  private creatorOf(module: NestModule): NestCreator {
    const known = this.creators.get(module) ?? this.newCreator(module);
    this.creators.set(module, known);
    return known;
  }

  private newCreator(module: NestModule): NestCreator {
    const warn = (warning: string): void => this.settings.warn(warning);
    return creatorFor(instanceOf(this.modules, ExternalContextCreator), module, warn, this.settings.methodCalled);
  }
}

/** Copies field by field: a spread is several times slower, and this runs for each handler of each test. */
function methodsOf({ instance, className, wrapper, module, methods, replaced }: HandlerHost): HandlerMethod[] {
  return methods.map((method) => ({ instance, className, wrapper, module, methods, replaced, method }));
}

function tooEarly(): MultiBrokerError {
  return errorOf('MULTI_BROKER_NOT_CONNECTED.tooEarly', {});
}

/** Reports handlers that would silently never be called. */
function replacedMethods({ className, replaced }: HandlerHost): MultiBrokerError[] {
  return replaced.map((method) => errorOf('MULTI_BROKER_WIRING.replacedMethod', { handler: `${className}.${method}` }));
}

/** Reports a publisher that would silently never publish. */
function publisherWithoutSource(handler: HandlerMethod): MultiBrokerError[] {
  const { publishers, subscriptions } = metadataOf(handler);
  if (publishers.length === 0 || subscriptions.length > 0) return [];
  const { className, method } = handler;
  return [errorOf('MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE', { handler: `${className}.${method}` })];
}

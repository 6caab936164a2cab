import { ExternalContextCreator, ModuleRef, type ModulesContainer } from '@nestjs/core';
import { publishersOf, subscriptionsOf } from '../decorators/index.js';
import { followHandled } from '../delivery/index.js';
import { MultiBrokerError } from '../errors/index.js';
import { compiledCall } from './compiled-call.js';
import { DecoratorValues, shown } from './configured.js';
import type { HandlerDeclaration } from './declaration.js';
import { enhancerProblems } from './enhancer-problems.js';
import { findHosts, isBeingBuilt, wrappersOf } from './find-hosts.js';
import { findsBrokers, injectedBrokers } from './finds-brokers.js';
import { canCompile, externalCall } from './external-call.js';
import { globalNames, withoutGlobals } from './global-enhancers.js';
import { functionOf, type HandlerHost, type HandlerMethod, isScoped } from './handler-host.js';
import { creatorFor, instanceOf, type NestCreator, type NestModule } from './nest-internals.js';
import { parameterProblems } from './parameter-problems.js';
import { scopedCall } from './scoped-call.js';

/** What the explorer found. */
export interface Explored {
  readonly declarations: readonly HandlerDeclaration[];
  /** Mistakes that belong to no declaration. */
  readonly problems: readonly MultiBrokerError[];
  /** For the log: what `enabled: false` leaves out. */
  readonly leftOut: readonly string[];
}

/** What the application says of its handlers. */
export interface ExplorerSettings {
  /** Whether its own enhancers are for handlers that say nothing of it. */
  globalEnhancers(): boolean;
  warn(warning: string): void;
  /** A test's eyes, before each call of a handler's method. */
  readonly methodCalled?: (() => void) | undefined;
}

const SETTINGS: ExplorerSettings = { globalEnhancers: () => true, warn: () => undefined };

/** Finds the decorated methods of all providers and controllers, once, and makes each callable through Nest. */
export class HandlerExplorer {
  private readonly creators = new Map<NestModule, NestCreator>();
  private readonly unread: MultiBrokerError[] = [];
  private readonly leftOut: string[] = [];
  private explored: Explored | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly settings = SETTINGS,
  ) {}

  /** The application's own enhancers, by kind and name. */
  globalEnhancers(): readonly string[] {
    const external = instanceOf(this.modules, ExternalContextCreator) as unknown as NestCreator;
    return globalNames(external.guardsContextCreator.config);
  }

  /**
   * Cheap after the first call. `allBuilt`: start-up hooks are called already, and nothing is looked up to know it.
   *
   * @throws MultiBrokerError MULTI_BROKER_NOT_CONNECTED while Nest still makes providers: an instance found then would
   * be one whose constructor was never called.
   */
  explore(allBuilt = false): Explored {
    if (!allBuilt && this.explored === undefined && isBeingBuilt(this.modules.values())) throw tooEarly();
    return (this.explored ??= this.search());
  }

  /** Which broker is injected by name, and into what. */
  injected(): readonly { readonly name: string; readonly by: string }[] {
    return [...wrappersOf(this.modules.values())].flatMap(({ wrapper }) =>
      injectedBrokers(wrapper).map((name) => ({ name, by: String(wrapper.name) })),
    );
  }

  private search(): Explored {
    const hosts = findHosts(this.modules.values());
    for (const { wrapper } of wrappersOf(this.modules.values())) if (findsBrokers(wrapper)) followHandled();
    const methods = hosts.flatMap(methodsOf);
    const declarations = methods.flatMap((method) => this.declarationsOf(method));
    const problems = [...hosts.flatMap(replacedMethods), ...methods.flatMap(publisherWithoutSource), ...this.unread];
    return { declarations, problems, leftOut: this.leftOut };
  }

  private declarationsOf(method: HandlerMethod): HandlerDeclaration[] {
    const callback = functionOf(method.instance, method.method);
    const subscriptions = subscriptionsOf(callback);
    if (subscriptions.length === 0) return [];
    const creator = (): NestCreator => this.creatorOf(method.module);
    const handler = `${method.className}.${method.method}`;
    const known = { type: method.instance.constructor as unknown, name: method.method, host: method };
    const values = new DecoratorValues(method);
    const configured = subscriptions.map((written) => values.subscription(written));
    const publishTo = publishersOf(callback).map((written) => values.publisher(written));
    // A method with two sources has the mistakes of its own once.
    const own = [...parameterProblems(method), ...enhancerProblems(method, creator)];
    const enabled = configured.filter((subscription) => subscription.enabled);
    for (const each of configured) if (!each.enabled) this.leftOut.push(`${handler} does not read ${shown(each)}`);
    if (enabled.length > 0) this.unread.push(...values.problems);
    if (values.problems.length > 0) return [];
    return enabled.map(({ broker, source, options }, place) => {
      const problems = place === 0 ? own : [];
      const call = this.callOf(method, creator, options.globalEnhancers);
      return { handler, method: known, broker, source, options, publishTo, problems, call };
    });
  }

  /** Compiled when its first message comes: in a test most handlers get none. */
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
    const tell = (warning: string): void => {
      this.settings.warn(warning);
    };
    return creatorFor(instanceOf(this.modules, ExternalContextCreator), module, tell, this.settings.methodCalled);
  }
}

/** Field by field: a spread takes several times as long, and this is done for each handler of each test. */
function methodsOf({ instance, className, wrapper, module, methods, replaced }: HandlerHost): HandlerMethod[] {
  return methods.map((method) => ({ instance, className, wrapper, module, methods, replaced, method }));
}

function tooEarly(): MultiBrokerError {
  const what =
    'A broker was used while Nest still made providers; use it in onModuleInit() or later, not in a constructor or factory';
  return new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what);
}

/** They would never be called, and nobody would say so. */
function replacedMethods({ className, replaced }: HandlerHost): MultiBrokerError[] {
  return replaced.map((method) => {
    const handler = `${className}.${method}`;
    const what = `${handler} would not be called: a decorator above @Subscribe puts another function in its place, without the metadata; write @Subscribe and @PublishTo above that decorator`;
    return new MultiBrokerError('MULTI_BROKER_WIRING', what, { handler });
  });
}

/** It would never publish, and nobody would say so. */
function publisherWithoutSource({ instance, className, method }: HandlerMethod): MultiBrokerError[] {
  const callback = functionOf(instance, method);
  if (publishersOf(callback).length === 0 || subscriptionsOf(callback).length > 0) return [];
  const handler = `${className}.${method}`;
  const what = `${handler} has @PublishTo but no @Subscribe`;
  return [new MultiBrokerError('MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE', what, { handler })];
}

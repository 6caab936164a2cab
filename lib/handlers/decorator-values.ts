import { inspect } from 'node:util';
import { ModuleRef } from '@nestjs/core';
import {
  type FromConfig,
  type HandlersOptions,
  isFromConfig,
  OF_CLASS,
  type PublishToMetadata,
  type SubscribeMetadata,
} from '../decorators/index.js';
import type { BrokerDefinition, HandlerOptions, Source, SubscribeOptions } from '../driver/index.js';
import {
  asError,
  errorAt,
  errorOf,
  type MultiBrokerError,
  type Problem,
  problemAt,
  problemOf,
} from '../errors/index.js';
import type { PublishDeclaration } from './declaration.js';
import { brokerName } from './handler-problem.js';
import type { HandlerHost } from './handler-classes.js';
import { abandon, isThenable } from '../async/index.js';

/** A `@Subscribe` with the values of `fromConfig()` filled in. */
export interface Configured {
  readonly broker: string | BrokerDefinition;
  /** Whether the broker is that of the class, whose prefix begins the source then. */
  readonly ofClass: boolean;
  readonly source: string | Source;
  readonly options: SubscribeOptions;
  /** Whether the handler subscribes at all. */
  readonly enabled: boolean;
}

/** The options of a class that a method needs. */
interface Common {
  readonly broker: string | BrokerDefinition;
}

/** Resolves `fromConfig()` in the decorators of one method, or of a class. A failed value is undefined, and listed as a problem. */
export class DecoratorValues {
  readonly problems: MultiBrokerError[] = [];

  constructor(
    private readonly host: HandlerHost,
    /** `Class.method`, or the class. */
    private readonly handler: string,
  ) {}

  handlers(written: HandlersOptions): HandlerOptions & Common & { readonly prefix: string | undefined } {
    return this.options(written, '@Handlers') as ReturnType<DecoratorValues['handlers']>;
  }

  subscription(written: SubscribeMetadata, common: Common | undefined): Configured {
    const source = this.value(written.source, 'the source of @Subscribe') as string | Source;
    const all = this.options(written.options, '@Subscribe') as SubscribeOptions & { readonly enabled?: unknown };
    const ofClass = written.broker === OF_CLASS;
    const broker = this.broker(written, common);
    if (!('enabled' in all)) return { broker, ofClass, source, options: all, enabled: true };
    const { enabled = true, ...options } = all;
    if (typeof enabled !== 'boolean') {
      const shown = typeof enabled === 'string' ? JSON.stringify(enabled) : typeof enabled;
      const params = { option: 'enabled', expected: 'true or false', value: shown };
      this.wrong(problemAt('@Subscribe', problemOf('MULTI_BROKER_OPTION_INVALID.mustBe', params)));
    }
    return { broker, ofClass, source, options, enabled: enabled !== false };
  }

  private broker({ broker, source }: SubscribeMetadata, common: Common | undefined): string | BrokerDefinition {
    if (broker !== OF_CLASS) return broker;
    if (common !== undefined) return common.broker;
    const { handler, host } = this;
    const named = typeof source === 'string' ? `@Subscribe('${source}')` : '@Subscribe';
    this.problems.push(errorOf('MULTI_BROKER_WIRING.noBroker', { handler, decorator: named, type: host.className }));
    return '';
  }

  publisher({ broker, destination, options }: PublishToMetadata): PublishDeclaration {
    return {
      broker,
      destination: this.value(destination, 'the destination of @PublishTo') as PublishDeclaration['destination'],
      options: this.options(options, '@PublishTo'),
    };
  }

  private options(written: object, decorator: string): object {
    const before = this.problems.length;
    const options = this.value(written, `the options of ${decorator}`);
    if (typeof options !== 'object' || options === null) {
      if (this.problems.length === before)
        this.wrong(problemOf('MULTI_BROKER_OPTION_INVALID.noObject', { decorator, type: typeof options }));
      return {};
    }
    if (!readsConfig(options)) return options;
    const read = ([name, value]: [string, unknown]) => [name, this.value(value, `the option ${name} of ${decorator}`)];
    return Object.fromEntries(Object.entries(options).map(read)) as object;
  }

  private value(written: unknown, what: string): unknown {
    if (!isFromConfig(written)) return written;
    const from = { value: what, token: nameOf(written.token) };
    try {
      const value = (written.read as (injected: unknown) => unknown)(injected(written, this.host));
      if (!isThenable(value)) return value;
      abandon(value);
      this.wrong(problemOf('MULTI_BROKER_OPTION_INVALID.configPromise', from));
    } catch (thrown) {
      const cause = asError(thrown);
      this.wrong(problemOf('MULTI_BROKER_OPTION_INVALID.configUnread', { ...from, reason: cause.message }), cause);
    }
    return undefined;
  }

  private wrong(problem: Problem, cause?: Error): void {
    const { handler } = this;
    this.problems.push(errorAt(handler, problem, { handler, cause }));
  }
}

/** A method's decorators with the values of `fromConfig()` filled in. */
export interface Filled {
  readonly subscriptions: readonly Configured[];
  readonly publishTo: readonly PublishDeclaration[];
  readonly problems: readonly MultiBrokerError[];
}

/** As the method has its decorators: the same for all instances where nothing is read from the configuration. */
interface Decorated {
  readonly subscriptions: readonly SubscribeMetadata[];
  readonly publishers: readonly PublishToMetadata[];
}

/** Without a problem, and by the method's metadata: decorators run once, and are read for each module that is compiled. */
const known = new WeakMap<Decorated, Filled>();

/** @param common the options of the class, if it has any */
export function filledIn(written: Decorated, host: HandlerHost, handler: string, common: Common | undefined): Filled {
  const before = common === undefined ? known.get(written) : undefined;
  if (before !== undefined) return before;
  const values = new DecoratorValues(host, handler);
  const subscriptions = written.subscriptions.map((one) => values.subscription(one, common));
  const publishTo = written.publishers.map((one) => values.publisher(one));
  const filled = { subscriptions, publishTo, problems: values.problems };
  if (common === undefined && values.problems.length === 0 && isFixed(written)) known.set(written, filled);
  return filled;
}

function isFixed({ subscriptions, publishers }: Decorated): boolean {
  return [
    ...subscriptions.flatMap(({ source, options }) => [source, options]),
    ...publishers.flatMap(({ destination, options }) => [destination, options]),
  ].every((value) => !isFromConfig(value) && !readsConfig(value));
}

function readsConfig(options: unknown): boolean {
  return typeof options === 'object' && options !== null && Object.values(options).some(isFromConfig);
}

/** The text of a disabled subscription for the log. */
export function shown({ broker, source }: Configured): string {
  const from = typeof source === 'string' ? source : inspect(source, { breakLength: Infinity });
  return `${from} of broker '${brokerName(broker)}': enabled is false`;
}

/** The provider of the handler's own module, or else of any module. */
function injected({ token }: FromConfig<unknown>, { module }: HandlerHost): unknown {
  const moduleRef = module.providers.get(ModuleRef)?.instance as ModuleRef;
  return moduleRef.get(token as never, { strict: module.providers.has(token as never) });
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}

import { inspect } from 'node:util';
import { ModuleRef } from '@nestjs/core';
import { type FromConfig, isFromConfig, type PublishToMetadata, type SubscribeMetadata } from '../decorators/index.js';
import type { Source, SubscribeOptions } from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import type { PublishDeclaration } from './declaration.js';
import { brokerName } from './problems.js';
import type { HandlerMethod } from './handler-host.js';
import { isThenable } from './thenable.js';

/** A `@Subscribe` with all that `fromConfig()` gives. */
export interface Configured {
  readonly broker: SubscribeMetadata['broker'];
  readonly source: string | Source;
  readonly options: SubscribeOptions;
  /** Whether the handler is to read it at all. */
  readonly enabled: boolean;
}

/** Reads what the decorators of one method take from the container. What fails is told, and stands there undefined. */
export class DecoratorValues {
  readonly problems: MultiBrokerError[] = [];
  private readonly handler: string;

  constructor(private readonly host: HandlerMethod) {
    this.handler = `${host.className}.${host.method}`;
  }

  subscription(written: SubscribeMetadata): Configured {
    const source = this.value(written.source, 'the source of @Subscribe') as string | Source;
    const all = this.options(written.options, '@Subscribe') as SubscribeOptions & { readonly enabled?: unknown };
    const { broker } = written;
    if (!('enabled' in all)) return { broker, source, options: all, enabled: true };
    const { enabled = true, ...options } = all;
    if (typeof enabled !== 'boolean') {
      const shown = typeof enabled === 'string' ? JSON.stringify(enabled) : typeof enabled;
      this.wrong(`@Subscribe: the option enabled must be true or false, not ${shown}`);
    }
    return { broker, source, options, enabled: enabled !== false };
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
        this.wrong(`the options of ${decorator} are ${typeof options}, not an object`);
      return {};
    }
    if (!Object.values(options).some(isFromConfig)) return options;
    const read = ([name, value]: [string, unknown]) => [name, this.value(value, `the option ${name} of ${decorator}`)];
    return Object.fromEntries(Object.entries(options).map(read)) as object;
  }

  private value(written: unknown, what: string): unknown {
    if (!isFromConfig(written)) return written;
    const from = `${what}, from ${nameOf(written.token)}`;
    try {
      const value = (written.read as (injected: unknown) => unknown)(injected(written, this.host));
      if (!isThenable(value)) return value;
      value.then(undefined, () => undefined);
      this.wrong(
        `${from}, is a promise: give a value that is there, as a provider with an asynchronous factory has it`,
      );
    } catch (thrown) {
      this.wrong(`${from}, cannot be read: ${asError(thrown).message}`, asError(thrown));
    }
    return undefined;
  }

  private wrong(what: string, cause?: Error): void {
    const { handler } = this;
    this.problems.push(new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', `${handler}: ${what}`, { handler, cause }));
  }
}

/** For the log. */
export function shown({ broker, source }: Configured): string {
  const from = typeof source === 'string' ? source : inspect(source, { breakLength: Infinity });
  return `${from} of broker '${brokerName(broker)}': enabled is false`;
}

/** The provider that the handler's own module has, else the one that any module has. */
function injected({ token }: FromConfig<unknown>, { module }: HandlerMethod): unknown {
  const moduleRef = module.providers.get(ModuleRef)?.instance as ModuleRef;
  return moduleRef.get(token as never, { strict: module.providers.has(token as never) });
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}

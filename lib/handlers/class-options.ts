import { handlersOptionsOf } from '../decorators/index.js';
import type { BrokerDefinition, ConcurrencyOptions, HandlerOptions } from '../driver/index.js';
import { errorAt, errorOf, type MultiBrokerError } from '../errors/index.js';
import { DecoratorValues } from './decorator-values.js';
import type { HandlerHost } from './handler-classes.js';
import { handlersProblems } from './options.js';
import type { HandlerDeclaration } from './declaration.js';

/** `@Handlers` of one class, with the values of `fromConfig()` filled in. */
export interface ClassOptions {
  readonly broker: string | BrokerDefinition;
  readonly prefix: string | undefined;
  readonly defaults: HandlerOptions;
  readonly problems: readonly MultiBrokerError[];
}

/** Reads `@Handlers` of a class; undefined where it has none. */
export function classOptionsOf(host: HandlerHost): ClassOptions | undefined {
  const written = handlersOptionsOf(host.instance.constructor);
  if (written === undefined) return undefined;
  const { className: handler } = host;
  const values = new DecoratorValues(host, handler);
  const { broker, prefix, ...defaults } = values.handlers(written);
  const wrong = values.problems.length > 0 ? [] : handlersProblems({ broker, prefix, ...defaults });
  const problems = wrong.map((problem) => errorAt(`${handler}: @Handlers`, problem, { handler }));
  return { broker, prefix, defaults, problems: [...values.problems, ...problems] };
}

/** The definition as a handler of a class sees it: the defaults of the class before those of the broker. */
export function withDefaults(definition: BrokerDefinition, defaults: HandlerOptions | undefined): BrokerDefinition {
  if (defaults === undefined || Object.keys(defaults).length === 0) return definition;
  const options = { value: { ...definition.options, ...merged(defaults, definition.options) }, enumerable: true };
  return Object.create(definition, { options }) as BrokerDefinition;
}

function merged(own: HandlerOptions, broker: HandlerOptions): HandlerOptions {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as HandlerOptions;
  return {
    ...given,
    ...(own.retry && { retry: { ...broker.retry, ...own.retry } }),
    ...(own.concurrency !== undefined && {
      concurrency: { ...fieldsOf(broker.concurrency), ...fieldsOf(own.concurrency) },
    }),
  };
}

/** A plain number is for requests, too. */
function fieldsOf(concurrency: HandlerOptions['concurrency']): ConcurrencyOptions {
  return typeof concurrency === 'number' ? { perLane: concurrency, requests: concurrency } : (concurrency ?? {});
}

/**
 * The declaration with the prefix of its class before its source.
 *
 * @throws MultiBrokerError MULTI_BROKER_OPTION_UNSUPPORTED for a source of a kind that prefixes plain names only
 */
export function withPrefix(definition: BrokerDefinition, declaration: HandlerDeclaration): HandlerDeclaration {
  const { prefix, source } = declaration;
  if (prefix === undefined) return declaration;
  const plain = { ...declaration, prefix: undefined };
  if (typeof source === 'string') return { ...plain, source: `${prefix}${source}` };
  if (definition.prefixed !== undefined) return { ...plain, source: definition.prefixed(source, prefix) };
  const { kind, name: broker } = definition;
  throw errorOf('MULTI_BROKER_OPTION_UNSUPPORTED.classPrefix', { kind }, { broker });
}

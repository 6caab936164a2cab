import type { Codec } from '../codec/index.js';
import type { HandlerSettings } from '../decorators/index.js';
import type { Binding } from '../delivery/index.js';
import {
  type BatchOptions,
  CONCURRENCY_RULES,
  type DestinationSpec,
  type ForwardOptions,
  HANDLER_RULES,
  type HandlerOptions,
  namesOf,
  type OptionRule,
  type OptionRules,
  type PublishToOptions,
  RETRY_RULES,
  type RetryOptions,
  type RulesOf,
  type SourceSpec,
  type SubscribeOptions,
} from '../driver/index.js';
import { isCount, isDuration, isFunction, isObject, type Problem, problemOf, unknownOptions } from '../errors/index.js';
import { type Concurrency, concurrencyOf, concurrencyProblem } from './side-by-side.js';

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
/** Schemas may be functions, as those of arktype are. */
const isSchema = (value: unknown): boolean => {
  const standard = (value as Partial<Record<'~standard', { validate?: unknown } | null>> | null)?.['~standard'];
  return typeof standard?.validate === 'function';
};

/** All messages of a batch are unsettled at once. */
const LARGEST_BATCH = 10_000;

const BATCH = {
  maxSize: {
    must: 'a whole number from 1 to 10,000',
    test: (size) => isCount(size) && size <= LARGEST_BATCH,
  },
  maxWaitMs: { must: '0 or more', test: isDuration, default: 0 },
  maxBytes: { must: 'a whole number from 1', test: isCount },
} as const satisfies RulesOf<BatchOptions>;

/** Options of a binding only. */
const SUBSCRIBE = {
  ...HANDLER_RULES,
  batch: {
    must: 'an object with maxSize, such as { maxSize: 100 }',
    test: (batch) => isObject(batch) && 'maxSize' in batch,
    within: BATCH,
  },
  reply: { must: 'true or false', test: isBoolean },
  globalEnhancers: { must: 'true or false', test: isBoolean },
  filter: { must: 'a function', test: isFunction },
  schema: { must: 'a Standard Schema (zod, valibot, arktype …)', test: isSchema },
  // The explorer removes that of a decorator.
  enabled: {
    refused: problemOf('MULTI_BROKER_OPTION_INVALID.enabledByHand', {}),
  },
} as const satisfies RulesOf<SubscribeOptions & HandlerSettings>;

const FORWARD = { key: {}, headers: {} } as const satisfies RulesOf<ForwardOptions>;

const PUBLISH_TO = {
  key: {},
  headers: {},
  forward: { within: FORWARD },
  codec: HANDLER_RULES.codec,
  bestEffort: { must: 'true or false', test: isBoolean },
  dedupeId: {
    must: 'a string or a function',
    test: (id) => (typeof id === 'string' && id !== '') || isFunction(id),
    unsupportedTo: ({ name: destination, dedupes }, option) =>
      dedupes ? undefined : problemOf('MULTI_BROKER_OPTION_UNSUPPORTED.undeduped', { option, destination }),
  },
  schema: SUBSCRIBE.schema,
  when: { must: 'a function', test: isFunction },
} as const satisfies RulesOf<PublishToOptions>;

/** Problems of `@Subscribe` and `subscribe()` options. `ofSource` names the options that belong to the source. */
export function subscribeProblems(options: SubscribeOptions, ofSource: readonly string[] = []): Problem[] {
  if (Object.keys(options).length === 0) return [];
  return problemsOf(options, { ...SUBSCRIBE, ...Object.fromEntries(ofSource.map((name) => [name, {}])) });
}

/** Problems of a broker's default handler options. Its other options are checked by its kind. */
export function handlerOptionProblems(options: HandlerOptions): Problem[] {
  return Object.entries(HANDLER_RULES).flatMap(([name, option]) => problemsOfOne(options, name, option));
}

/** Problems of `@Handlers` options. */
export function handlersProblems(options: object): Problem[] {
  const isString = (value: unknown): boolean => typeof value === 'string';
  return problemsOf(options, { ...HANDLER_RULES, broker: {}, prefix: { must: 'a string', test: isString } });
}

/** Problems of `@PublishTo` options. */
export function publishToProblems(options: PublishToOptions): Problem[] {
  return problemsOf(options, PUBLISH_TO);
}

/** Problems of options that the source does not support. */
export function unsupportedProblems(options: SubscribeOptions, source: SourceSpec): Problem[] {
  return unsupportedOf(options, SUBSCRIBE, source);
}

/** Problems of options that do not fit together, those of the broker included. */
export function combinedProblems(own: SubscribeOptions, broker: HandlerOptions): Problem[] {
  const answersBatch = own.batch !== undefined && own.reply === true;
  return [
    concurrencyProblem(own, broker),
    answersBatch ? problemOf('MULTI_BROKER_OPTION_INVALID.replyBesideBatch', {}) : undefined,
  ].filter((problem) => problem !== undefined);
}

/** Problems of `@PublishTo` options that the destination does not support. */
export function publishToUnsupported(options: PublishToOptions, destination: DestinationSpec): Problem[] {
  return Object.entries<OptionRule>(PUBLISH_TO).flatMap(([name, option]) => {
    const isGiven = options[name as keyof PublishToOptions] !== undefined;
    return (isGiven ? option.unsupportedTo?.(destination, name) : undefined) ?? [];
  });
}

/** Delivery options of a binding, with defaults applied. */
export type ResolvedHandlerOptions = Pick<
  Binding,
  'ack' | 'retry' | 'requests' | 'maxProcessingMs' | 'reply' | 'unmatched'
> & {
  readonly codec: Codec;
  readonly concurrency: Concurrency;
};

/** Takes each option from the binding, else the broker, else the library's default; merges `retry` field by field. */
export function resolveHandlerOptions(own: SubscribeOptions, broker: HandlerOptions): ResolvedHandlerOptions {
  return {
    ack: own.ack ?? broker.ack ?? HANDLER_RULES.ack.default,
    retry: resolveRetry(own.retry, broker.retry),
    requests: {
      concurrency: requestsOf(own.concurrency) ?? requestsOf(broker.concurrency) ?? CONCURRENCY_RULES.requests.default,
      // A number of attempts that is set explicitly holds for requests, too.
      attempts: own.retry?.attempts ?? broker.retry?.attempts ?? 1,
    },
    maxProcessingMs: own.maxProcessingMs ?? broker.maxProcessingMs,
    unmatched: (own.unmatched ?? broker.unmatched) === 'reject' ? 'reject' : undefined,
    // A batch answers no requests.
    reply: own.batch === undefined ? own.reply : false,
    concurrency: concurrencyOf(own, broker),
    codec: own.codec ?? broker.codec ?? HANDLER_RULES.codec.default,
  };
}

/** A plain number applies to all messages, requests included. */
function requestsOf(concurrency: HandlerOptions['concurrency']): number | undefined {
  return typeof concurrency === 'object' ? concurrency.requests : concurrency;
}

function resolveRetry(own: RetryOptions = {}, broker: RetryOptions = {}): Binding['retry'] {
  const retryIf = own.retryIf ?? broker.retryIf;
  return {
    attempts: own.attempts ?? broker.attempts ?? RETRY_RULES.attempts.default,
    delayMs: own.delayMs ?? broker.delayMs ?? RETRY_RULES.delayMs.default,
    factor: own.factor ?? broker.factor ?? RETRY_RULES.factor.default,
    maxDelayMs: own.maxDelayMs ?? broker.maxDelayMs ?? RETRY_RULES.maxDelayMs.default,
    jitter: own.jitter ?? broker.jitter ?? RETRY_RULES.jitter.default,
    ...(retryIf && { retryIf }),
  };
}

function problemsOf(given: object, options: OptionRules, prefix = ''): Problem[] {
  return [
    ...unknownOptions(given, namesOf(options), prefix).map((problem) =>
      problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem }),
    ),
    ...Object.entries<OptionRule>(options).flatMap(([name, option]) => problemsOfOne(given, name, option, prefix)),
  ];
}

function problemsOfOne(given: object, name: string, option: OptionRule, prefix = ''): Problem[] {
  if (option.refused !== undefined && name in given) return [option.refused];
  const value = (given as Readonly<Record<string, unknown>>)[name];
  if (value === undefined) return [];
  if (option.test?.(value) === false) return [mustBe(`${prefix}${name}`, option.must ?? '', value)];
  return option.within && isObject(value) ? problemsOf(value, option.within, `${prefix}${name}.`) : [];
}

function unsupportedOf(given: object, options: OptionRules, source: SourceSpec, prefix = ''): Problem[] {
  return Object.entries<OptionRule>(options).flatMap(([name, option]) => {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return [];
    const problem = option.unsupported?.(source, `${prefix}${name}`);
    if (problem !== undefined) return [problem];
    return option.within && isObject(value) ? unsupportedOf(value, option.within, source, `${prefix}${name}.`) : [];
  });
}

/** Shows only numbers and strings: an object may hold anything, credentials included. */
function mustBe(option: string, expected: string, value: unknown): Problem {
  const shown = typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : typeof value;
  return problemOf('MULTI_BROKER_OPTION_INVALID.mustBe', { option, expected, value: shown });
}

import { auto, type Codec } from '../codec/index.js';
import type { HandlerSettings } from '../decorators/index.js';
import { type Binding, CONCURRENT_REQUESTS } from '../delivery/index.js';
import type {
  BatchOptions,
  ConcurrencyOptions,
  DeadLetterOptions,
  DestinationSpec,
  ForwardOptions,
  HandlerOptions,
  PublishToOptions,
  RetryOptions,
  SourceSpec,
  SubscribeOptions,
} from '../driver/index.js';
import { isDuration, type Problem, problemOf, unknownOptions } from '../errors/index.js';
import { isDeadLetter, isDestination } from './dead-letter.js';
import { type Concurrency, concurrencyOf, concurrencyProblem } from './side-by-side.js';

/** One option: its valid values, its default, and where it is supported. */
interface Option {
  /** `{expected}` of the message `mustBe`. */
  readonly must?: string;
  readonly test?: (value: unknown) => boolean;
  readonly default?: unknown;
  /** The nested options of an object. */
  readonly within?: Table;
  /** The problem if a source does not support it. */
  readonly unsupported?: (source: SourceSpec, option: string) => Problem | undefined;
  /** The problem if a destination does not support it. */
  readonly unsupportedTo?: (destination: DestinationSpec, option: string) => Problem | undefined;
  /** The problem if it must not be set here at all. */
  readonly refused?: Problem;
}

type Table = Readonly<Record<string, Option>>;

/** All options of a type, so that the compiler reports a forgotten one. */
type Options<T> = Readonly<Record<keyof T & string, Option>>;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isCodec = (value: unknown): boolean => {
  const codec = value as Partial<Codec> | null;
  return typeof codec?.encode === 'function' && typeof codec.decode === 'function';
};
/** Schemas may be functions, as those of arktype are. */
const isSchema = (value: unknown): boolean => {
  const standard = (value as Partial<Record<'~standard', { validate?: unknown } | null>> | null)?.['~standard'];
  return typeof standard?.validate === 'function';
};

/** All messages of a batch are unsettled at once. */
const LARGEST_BATCH = 10_000;

const ACK_POLICIES: readonly unknown[] = ['nack-on-error', 'reject-on-error', 'ack-first', 'manual'];

const RETRY = {
  attempts: { must: 'a whole number from 1', test: isCount, default: 3 },
  delayMs: { must: '0 or more', test: isDuration, default: 100 },
  maxDelayMs: { must: '0 or more', test: isDuration, default: 30_000 },
  factor: { must: '1 or more', test: (factor) => isNumber(factor) && factor >= 1, default: 2 },
  jitter: { must: 'from 0 to 1', test: (share) => isDuration(share) && share <= 1, default: 0 },
  retryIf: { must: 'a function', test: isFunction },
} as const satisfies Options<RetryOptions>;

const CONCURRENCY = {
  perLane: { must: 'a whole number from 1', test: isCount, default: 1 },
  total: { must: 'a whole number from 1', test: isCount },
  orderBy: {
    must: "'key', 'none' or a function of the message",
    test: (by) => by === 'key' || by === 'none' || isFunction(by),
    default: 'key',
  },
  requests: {
    must: 'a whole number from 1',
    test: isCount,
    default: CONCURRENT_REQUESTS,
    unsupported: ({ durable, name: source }, option) =>
      durable ? problemOf('MULTI_BROKER_OPTION_UNSUPPORTED.coreOnly', { option, source }) : undefined,
  },
} as const satisfies Options<ConcurrencyOptions>;

const DEAD_LETTER = {
  broker: { must: 'the name of a broker', test: (name) => typeof name === 'string' && name !== '' },
  destination: { must: 'a destination', test: isDestination },
  headers: { must: 'a function', test: isFunction },
} as const satisfies Options<DeadLetterOptions>;

/** Options of a binding that may also be a broker's defaults. */
const HANDLER = {
  ack: {
    must: `one of ${ACK_POLICIES.join(', ')}`,
    test: (ack) => ACK_POLICIES.includes(ack),
    default: 'nack-on-error',
  },
  retry: { must: 'an object such as { attempts: 3 }', test: isObject, within: RETRY },
  codec: { must: 'an object with encode and decode', test: isCodec, default: auto },
  maxProcessingMs: { must: 'more than 0', test: (ms) => isNumber(ms) && ms > 0 },
  unmatched: { must: "'ack' or 'reject'", test: (fate) => fate === 'ack' || fate === 'reject' },
  concurrency: {
    must: 'a whole number from 1, or an object such as { perLane: 16 }',
    test: (value) => isObject(value) || isCount(value),
    within: CONCURRENCY,
  },
  deadLetter: {
    must: "a destination such as '{source}.dlq', { broker, destination, headers } with a destination, or false",
    test: (value) => value === false || isDeadLetter(value),
    within: DEAD_LETTER,
  },
} as const satisfies Options<HandlerOptions>;

const BATCH = {
  maxSize: {
    must: 'a whole number from 1 to 10,000',
    test: (size) => isCount(size) && size <= LARGEST_BATCH,
  },
  maxWaitMs: { must: '0 or more', test: isDuration, default: 0 },
  maxBytes: { must: 'a whole number from 1', test: isCount },
} as const satisfies Options<BatchOptions>;

/** Options of a binding only. */
const SUBSCRIBE = {
  ...HANDLER,
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
} as const satisfies Options<SubscribeOptions & HandlerSettings>;

const FORWARD = { key: {}, headers: {} } as const satisfies Options<ForwardOptions>;

const PUBLISH_TO = {
  key: {},
  headers: {},
  forward: { within: FORWARD },
  codec: HANDLER.codec,
  bestEffort: { must: 'true or false', test: isBoolean },
  dedupeId: {
    must: 'a string or a function',
    test: (id) => (typeof id === 'string' && id !== '') || isFunction(id),
    unsupportedTo: ({ name: destination, dedupes }, option) =>
      dedupes ? undefined : problemOf('MULTI_BROKER_OPTION_UNSUPPORTED.undeduped', { option, destination }),
  },
  schema: SUBSCRIBE.schema,
  when: { must: 'a function', test: isFunction },
} as const satisfies Options<PublishToOptions>;

/** Problems of `@Subscribe` and `subscribe()` options. `ofSource` names the options that belong to the source. */
export function subscribeProblems(options: SubscribeOptions, ofSource: readonly string[] = []): Problem[] {
  if (Object.keys(options).length === 0) return [];
  return problemsOf(options, { ...SUBSCRIBE, ...Object.fromEntries(ofSource.map((name) => [name, {}])) });
}

/** Problems of a broker's default handler options. Its other options are checked by its kind. */
export function handlerOptionProblems(options: HandlerOptions): Problem[] {
  return Object.entries(HANDLER).flatMap(([name, option]) => problemsOfOne(options, name, option));
}

/** Problems of `@Handlers` options. */
export function handlersProblems(options: object): Problem[] {
  const isString = (value: unknown): boolean => typeof value === 'string';
  return problemsOf(options, { ...HANDLER, broker: {}, prefix: { must: 'a string', test: isString } });
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
  return Object.entries<Option>(PUBLISH_TO).flatMap(([name, option]) => {
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
    ack: own.ack ?? broker.ack ?? HANDLER.ack.default,
    retry: resolveRetry(own.retry, broker.retry),
    requests: {
      concurrency: requestsOf(own.concurrency) ?? requestsOf(broker.concurrency) ?? CONCURRENCY.requests.default,
      // A number of attempts that is set explicitly holds for requests, too.
      attempts: own.retry?.attempts ?? broker.retry?.attempts ?? 1,
    },
    maxProcessingMs: own.maxProcessingMs ?? broker.maxProcessingMs,
    unmatched: (own.unmatched ?? broker.unmatched) === 'reject' ? 'reject' : undefined,
    // A batch answers no requests.
    reply: own.batch === undefined ? own.reply : false,
    concurrency: concurrencyOf(own, broker),
    codec: own.codec ?? broker.codec ?? HANDLER.codec.default,
  };
}

/** A plain number applies to all messages, requests included. */
function requestsOf(concurrency: HandlerOptions['concurrency']): number | undefined {
  return typeof concurrency === 'object' ? concurrency.requests : concurrency;
}

function resolveRetry(own: RetryOptions = {}, broker: RetryOptions = {}): Binding['retry'] {
  const retryIf = own.retryIf ?? broker.retryIf;
  return {
    attempts: own.attempts ?? broker.attempts ?? RETRY.attempts.default,
    delayMs: own.delayMs ?? broker.delayMs ?? RETRY.delayMs.default,
    factor: own.factor ?? broker.factor ?? RETRY.factor.default,
    maxDelayMs: own.maxDelayMs ?? broker.maxDelayMs ?? RETRY.maxDelayMs.default,
    jitter: own.jitter ?? broker.jitter ?? RETRY.jitter.default,
    ...(retryIf && { retryIf }),
  };
}

function problemsOf(given: object, options: Table, prefix = ''): Problem[] {
  const names = Object.fromEntries(Object.keys(options).map((name) => [name, true as const]));
  return [
    ...unknownOptions(given, names, prefix).map((problem) =>
      problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem }),
    ),
    ...Object.entries<Option>(options).flatMap(([name, option]) => problemsOfOne(given, name, option, prefix)),
  ];
}

function problemsOfOne(given: object, name: string, option: Option, prefix = ''): Problem[] {
  if (option.refused !== undefined && name in given) return [option.refused];
  const value = (given as Readonly<Record<string, unknown>>)[name];
  if (value === undefined) return [];
  if (option.test?.(value) === false) return [mustBe(`${prefix}${name}`, option.must ?? '', value)];
  return option.within && isObject(value) ? problemsOf(value, option.within, `${prefix}${name}.`) : [];
}

function unsupportedOf(given: object, options: Table, source: SourceSpec, prefix = ''): Problem[] {
  return Object.entries<Option>(options).flatMap(([name, option]) => {
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

import { auto, type Codec } from '../codec/index.js';
import { isCount, isDuration, isFunction, isObject, type Problem, problemOf } from '../errors/index.js';
import type { Destination, DestinationSpec, SourceSpec } from './addressing.js';
import type { ConcurrencyOptions, DeadLetterOptions, HandlerOptions, RetryOptions } from './handler-options.js';

/** One option: its valid values, its default, and where it is supported. */
export interface OptionRule {
  /** `{expected}` of the message `mustBe`. */
  readonly must?: string;
  readonly test?: (value: unknown) => boolean;
  readonly default?: unknown;
  /** The nested options of an object. */
  readonly within?: OptionRules;
  /** The problem if a source does not support it. */
  readonly unsupported?: (source: SourceSpec, option: string) => Problem | undefined;
  /** The problem if a destination does not support it. */
  readonly unsupportedTo?: (destination: DestinationSpec, option: string) => Problem | undefined;
  /** The problem if it must not be set here at all. */
  readonly refused?: Problem;
}

export type OptionRules = Readonly<Record<string, OptionRule>>;

/** All options of a type, so that the compiler reports a forgotten one. */
export type RulesOf<T> = Readonly<Record<keyof T & string, OptionRule>>;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isCodec = (value: unknown): boolean => {
  const codec = value as Partial<Codec> | null;
  return typeof codec?.encode === 'function' && typeof codec.decode === 'function';
};

/** The default number of requests of a subscription that are handled at once. */
export const CONCURRENT_REQUESTS = 64;

const ACK_POLICIES: readonly unknown[] = ['nack-on-error', 'reject-on-error', 'ack-first', 'manual'];

export const RETRY_RULES = {
  attempts: { must: 'a whole number from 1', test: isCount, default: 3 },
  delayMs: { must: '0 or more', test: isDuration, default: 100 },
  maxDelayMs: { must: '0 or more', test: isDuration, default: 30_000 },
  factor: { must: '1 or more', test: (factor) => isNumber(factor) && factor >= 1, default: 2 },
  jitter: { must: 'from 0 to 1', test: (share) => isDuration(share) && share <= 1, default: 0 },
  retryIf: { must: 'a function', test: isFunction },
} as const satisfies RulesOf<RetryOptions>;

export const CONCURRENCY_RULES = {
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
} as const satisfies RulesOf<ConcurrencyOptions>;

const DEAD_LETTER_RULES = {
  broker: { must: 'the name of a broker', test: (name) => typeof name === 'string' && name !== '' },
  destination: { must: 'a destination', test: isDestination },
  headers: { must: 'a function', test: isFunction },
} as const satisfies RulesOf<DeadLetterOptions>;

/** Options of a binding that may also be a broker's defaults. */
export const HANDLER_RULES = {
  ack: {
    must: `one of ${ACK_POLICIES.join(', ')}`,
    test: (ack) => ACK_POLICIES.includes(ack),
    default: 'nack-on-error',
  },
  retry: { must: 'an object such as { attempts: 3 }', test: isObject, within: RETRY_RULES },
  codec: { must: 'an object with encode and decode', test: isCodec, default: auto },
  maxProcessingMs: { must: 'more than 0', test: (ms) => isNumber(ms) && ms > 0 },
  unmatched: { must: "'ack' or 'reject'", test: (fate) => fate === 'ack' || fate === 'reject' },
  concurrency: {
    must: 'a whole number from 1, or an object such as { perLane: 16 }',
    test: (value) => isObject(value) || isCount(value),
    within: CONCURRENCY_RULES,
  },
  deadLetter: {
    must: "a destination such as '{source}.dlq', { broker, destination, headers } with a destination, or false",
    test: (value) => value === false || isDeadLetter(value),
    within: DEAD_LETTER_RULES,
  },
} as const satisfies RulesOf<HandlerOptions>;

/** Whether the option says where to park; one that is malformed is reported with the other options. */
export function isDeadLetter(value: unknown): value is string | DeadLetterOptions {
  if (typeof value === 'string') return value !== '';
  if (typeof value !== 'object' || value === null) return false;
  const { broker, destination } = value as { readonly broker?: unknown; readonly destination?: unknown };
  return isDestination(destination) && (broker === undefined || (typeof broker === 'string' && broker !== ''));
}

export function isDestination(value: unknown): value is string | Destination {
  if (typeof value === 'string') return value !== '';
  return typeof value === 'object' && value !== null && typeof (value as Partial<Destination>).kind === 'string';
}

/** The names that a table has rules for. */
export function namesOf<T extends object>(rules: T): Readonly<Record<keyof T & string, true>> {
  return Object.fromEntries(Object.keys(rules).map((name) => [name, true])) as Record<keyof T & string, true>;
}

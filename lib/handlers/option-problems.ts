import type { Codec } from '../codec/index.js';
import type { HandlerOptions, PublishToOptions, RetryOptions, SubscribeOptions } from '../driver/index.js';
import { type ErrorCode, isDuration } from '../errors/index.js';
import { unknownToPublishTo, unknownToSubscribe, unknownWithin } from './unknown-options.js';

/** What is wrong with an option: the code, and a sentence that names it. */
export interface OptionProblem {
  readonly code: Extract<ErrorCode, 'MULTI_BROKER_OPTION_INVALID' | 'MULTI_BROKER_OPTION_UNSUPPORTED'>;
  readonly what: string;
}

const ACK_POLICIES: readonly unknown[] = ['nack-on-error', 'reject-on-error', 'ack-first', 'manual'];

/** Problems of `@Subscribe` and `subscribe()` options. */
export function subscribeProblems(options: SubscribeOptions, ofSource: readonly string[] = []): OptionProblem[] {
  if (Object.keys(options).length === 0) return [];
  return [
    ...unknown(unknownToSubscribe(options, ofSource)),
    ...enabledByHand(options),
    ...handlerOptionProblems(options),
    ...invalid(options.reply, 'reply', 'true or false', (reply) => typeof reply === 'boolean'),
    ...invalid(options.globalEnhancers, 'globalEnhancers', 'true or false', (given) => typeof given === 'boolean'),
    ...invalid(options.filter, 'filter', 'a function', isFunction),
    ...invalid(options.schema, 'schema', 'a Standard Schema (zod, valibot, arktype …)', isSchema),
  ];
}

/** Problems of the options that a broker has as defaults and a binding as its own. */
export function handlerOptionProblems(options: HandlerOptions): OptionProblem[] {
  return [
    ...unknown(unknownWithin(options)),
    ...invalid(options.ack, 'ack', `one of ${ACK_POLICIES.join(', ')}`, (ack) => ACK_POLICIES.includes(ack)),
    ...retryProblems(options.retry),
    ...invalid(options.codec, 'codec', 'an object with encode and decode', isCodec),
    ...invalid(options.maxProcessingMs, 'maxProcessingMs', 'more than 0', (ms) => isNumber(ms) && ms > 0),
    ...concurrencyProblems(options.concurrency),
    ...unsupported(options.deadLetter !== undefined, 'deadLetter'),
    ...unsupported(options.batch !== undefined && options.batch !== false, 'batch'),
  ];
}

/** Problems of `@PublishTo` options. */
export function publishToProblems(options: PublishToOptions): OptionProblem[] {
  return [
    ...unknown(unknownToPublishTo(options)),
    ...invalid(options.codec, 'codec', 'an object with encode and decode', isCodec),
    ...invalid(options.bestEffort, 'bestEffort', 'true or false', (best) => typeof best === 'boolean'),
    ...unsupported(options.dedupeId !== undefined, 'dedupeId'),
    ...unsupported(options.schema !== undefined, 'schema of a publisher'),
  ];
}

function concurrencyProblems(concurrency: HandlerOptions['concurrency']): OptionProblem[] {
  if (isObject(concurrency)) {
    return invalid(concurrency.requests, 'concurrency.requests', 'a whole number from 1', isCount);
  }
  return [
    ...invalid(concurrency, 'concurrency', 'a whole number from 1, or { requests }', isCount),
    ...unsupported(isCount(concurrency) && concurrency > 1, 'concurrency beyond 1'),
  ];
}

function retryProblems(retry: RetryOptions | undefined): OptionProblem[] {
  if (retry === undefined) return [];
  if (typeof retry !== 'object') return invalid(retry, 'retry', 'an object such as { attempts: 3 }', () => false);
  return [
    ...invalid(retry.attempts, 'retry.attempts', 'a whole number from 1', isCount),
    ...invalid(retry.delayMs, 'retry.delayMs', '0 or more', isDuration),
    ...invalid(retry.maxDelayMs, 'retry.maxDelayMs', '0 or more', isDuration),
    ...invalid(retry.factor, 'retry.factor', '1 or more', (factor) => isNumber(factor) && factor >= 1),
    ...invalid(retry.jitter, 'retry.jitter', 'from 0 to 1', (share) => isDuration(share) && share <= 1),
    ...invalid(retry.retryIf, 'retry.retryIf', 'a function', isFunction),
  ];
}

/** The value is shown only where it is a number or a word: an object may hold anything. */
function invalid(value: unknown, name: string, expected: string, test: (value: unknown) => boolean): OptionProblem[] {
  if (value === undefined || test(value)) return [];
  const shown = typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : typeof value;
  return [{ code: 'MULTI_BROKER_OPTION_INVALID', what: `the option ${name} must be ${expected}, not ${shown}` }];
}

/** A decorator's own is taken out when the handlers are looked for. */
function enabledByHand(options: object): OptionProblem[] {
  if (!('enabled' in options)) return [];
  const what = 'the option enabled is for @Subscribe; where you subscribe by hand, do not call subscribe()';
  return [{ code: 'MULTI_BROKER_OPTION_INVALID', what }];
}

function unknown(sentences: readonly string[]): OptionProblem[] {
  return sentences.map((what) => ({ code: 'MULTI_BROKER_OPTION_INVALID', what }));
}

function unsupported(given: boolean, name: string): OptionProblem[] {
  return given ? [{ code: 'MULTI_BROKER_OPTION_UNSUPPORTED', what: `the option ${name} is not offered yet` }] : [];
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isCodec = (value: unknown): boolean => {
  const codec = value as Partial<Codec> | null;
  return typeof codec?.encode === 'function' && typeof codec.decode === 'function';
};
/** Some libraries' schemas are functions (arktype). */
const isSchema = (value: unknown): boolean => {
  const standard = (value as Partial<Record<'~standard', { validate?: unknown } | null>> | null)?.['~standard'];
  return typeof standard?.validate === 'function';
};

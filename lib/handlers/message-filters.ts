import { isThenable } from '../async/index.js';
import { decided } from '../delivery/index.js';
import type { BrokerMessage, Headers, MessageFilter, StandardSchema } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import { accepts, isSchema } from './schema.js';

/** Names the type of a message, for {@link byType} with a class. */
const MESSAGE_TYPE = 'message-type';

/** Marks filters that do not look at the payload. A registered symbol: the package may be loaded twice. */
const HEADERS_ONLY = Symbol.for('nestjs-multi-broker:headers-only');

/** A class whose instances a message carries. */
type PayloadClass = abstract new (...args: never[]) => unknown;

/** What a header's value has to be: this text, a match of this RegExp, or one of several. */
export type HeaderValue = string | RegExp | readonly (string | RegExp)[];

/**
 * A filter for messages with this header: of a repeated header the last value counts. Decides without decoding, so
 * handlers with different codecs can share a source.
 *
 * @param name as it was sent; where no header is spelt so, in any spelling
 * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID for a name or value that is no text
 * @example `@Subscribe('orders', 'incoming', { filter: byHeader('region', ['eu', /^us-/]) })`
 */
export function byHeader(name: string, value: HeaderValue): (message: BrokerMessage) => boolean {
  const wanted = (Array.isArray(value) ? value : [value]) as readonly (string | RegExp)[];
  if (typeof name !== 'string' || name === '') throw errorOf('MULTI_BROKER_OPTION_INVALID.byHeaderName', {});
  if (wanted.length === 0 || !wanted.every(isTextOrRegExp))
    throw errorOf('MULTI_BROKER_OPTION_INVALID.byHeaderValue', { name });
  // A global or sticky RegExp remembers where it ended.
  const tests = wanted.map((one) =>
    typeof one === 'string' ? one : new RegExp(one.source, one.flags.replace(/[gy]/g, '')),
  );
  const filter = ({ headers }: BrokerMessage): boolean => {
    const actual = headerOf(headers, name);
    return actual !== undefined && tests.some((one) => (typeof one === 'string' ? one === actual : one.test(actual)));
  };
  return Object.assign(filter, { [HEADERS_ONLY]: true });
}

/**
 * A filter for messages of a type. For a Standard Schema (zod, valibot, arktype …): those whose payload it accepts; it
 * validates for the choice only, and the handler gets its output by the option `schema`. For a class: those whose header
 * `message-type` is the name of the class.
 *
 * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID for anything else
 * @example `@Subscribe('orders', 'incoming', { filter: byType(OrderCreated) })`
 */
export function byType(type: StandardSchema | PayloadClass): (message: BrokerMessage) => boolean | Promise<boolean> {
  if (isSchema(type)) {
    return ({ payload }) => accepts(type, payload);
  }
  if (typeof type === 'function' && type.name !== '') return byHeader(MESSAGE_TYPE, type.name);
  throw errorOf('MULTI_BROKER_OPTION_INVALID.byType', {});
}

/** Whether the filter has to be given the decoded payload. */
export function readsPayload(filter: MessageFilter): boolean {
  return !(HEADERS_ONLY in filter);
}

/** What the filter says of a message. @throws MULTI_BROKER_OPTION_INVALID, or rejects with it, for neither yes nor no */
export function isWanted(
  filter: MessageFilter,
  message: BrokerMessage,
  handler: string,
): boolean | PromiseLike<boolean> {
  const answer: unknown = filter(message);
  if (typeof answer === 'boolean') return answer;
  const read = (given: unknown): boolean => decided(given, (type) => neither(handler, type));
  return isThenable(answer) ? Promise.resolve(answer).then(read) : read(answer);
}

function neither(handler: string, given: string): Error {
  return errorOf('MULTI_BROKER_OPTION_INVALID.filterGives', { handler, given }, { handler });
}

function headerOf(headers: Headers, name: string): string | undefined {
  if (headers[name] !== undefined) return headers[name];
  const lower = name.toLowerCase();
  const spelt = Object.keys(headers).find((one) => one.toLowerCase() === lower);
  return spelt === undefined ? undefined : headers[spelt];
}

function isTextOrRegExp(value: unknown): boolean {
  return typeof value === 'string' || value instanceof RegExp;
}

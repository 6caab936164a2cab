import { codeOf } from '../../errors/index.js';
import type { Headers } from '../../driver/index.js';
import type { Binding } from '../binding.js';
import { HOPS, isOfOneHop } from '../headers.js';
import type { FailedDelivery } from '../lane-context.js';
import { attemptOf } from '../retry.js';

/** Headers of a dead letter, by what they say. */
export const LETTER = {
  /** Broker of the failed message. */
  broker: 'dead-letter-broker',
  /** Its topic or subject. */
  source: 'dead-letter-source',
  /** Its `id`: the place on the server. */
  position: 'dead-letter-position',
  /** `Class.method`. */
  handler: 'dead-letter-handler',
  /** The binding that failed, the same in every process: see {@link bindingIdOf}. */
  binding: 'dead-letter-binding',
  /** Class of the error. */
  error: 'dead-letter-error',
  /** Its code, where it has one. */
  code: 'dead-letter-code',
  message: 'dead-letter-message',
  attempts: 'dead-letter-attempts',
  /** When it was parked, by ISO 8601. */
  at: 'dead-letter-at',
  /** The same for every letter of one message and one binding. */
  deliveryId: 'dead-letter-delivery-id',
} as const;

const PREFIX = 'dead-letter-';

/** What the letter says of the failure; see {@link LETTER}. */
export type LetterFields = { readonly [K in keyof typeof LETTER]?: string };

/** The fields of a letter that was read; undefined for a message that is none. */
export function letterFieldsOf(headers: Headers): LetterFields | undefined {
  if (headers[LETTER.binding] === undefined) return undefined;
  const written = Object.entries(LETTER).map(([field, name]) => [field, headers[name]] as const);
  return Object.fromEntries(written.filter(([, value]) => value !== undefined));
}

/** Whether the header is the letter's own, and not one of the message that failed. */
export function isLetterHeader(name: string): boolean {
  return name.toLowerCase().startsWith(PREFIX);
}

/**
 * Whether a header of the failed message goes into its letter: all but those of one hop. The content type says what the
 * bytes are, and the hop count ends a loop that leads over the letters.
 */
export function isKept(name: string, binding: Pick<Binding, 'serverHeaders'>): boolean {
  return name.toLowerCase() === HOPS || (!isOfOneHop(name, binding) && !isLetterHeader(name));
}

/** Names a binding in every process of the application: handler and source. */
export function bindingIdOf({ handler, source }: Pick<Binding, 'handler' | 'source'>): string {
  return `${handler}/${source.name}`;
}

/** The same for every delivery of the message to this binding: a letter that is written twice is recognised by it. */
export function deliveryIdOf({ incoming, context }: FailedDelivery): string {
  return `${incoming.position}/${bindingIdOf(context.binding)}`;
}

/** The letter's own headers. Never a payload, and no message of a cause, which may quote one. */
export function letterHeaders(delivery: FailedDelivery, error: Error): Record<string, string> {
  const { incoming, context, attempts } = delivery;
  const { binding, host } = context;
  const code = codeOf(error);
  return {
    [LETTER.broker]: binding.broker,
    [LETTER.source]: incoming.address,
    [LETTER.position]: line(incoming.position),
    [LETTER.handler]: line(binding.handler),
    [LETTER.binding]: line(bindingIdOf(binding)),
    [LETTER.error]: line(classOf(error)),
    ...(code !== undefined && { [LETTER.code]: line(code) }),
    [LETTER.message]: line(messageOf(error)),
    [LETTER.attempts]: String(attemptOf(incoming, binding, attempts.calls)),
    [LETTER.at]: new Date(host.clock.now()).toISOString(),
    [LETTER.deliveryId]: line(deliveryIdOf(delivery)),
  };
}

/** A thrown value may look like an Error and be none. */
function messageOf({ message }: { readonly message: unknown }): string {
  return String(message);
}

/** A user's class seldom sets the name of its errors. */
function classOf(error: Error): string {
  const { constructor, name } = error as { readonly constructor?: { readonly name?: unknown }; readonly name: unknown };
  const own = constructor?.name;
  return typeof own === 'string' && own !== '' ? own : String(name);
}

/** An error's message may hold a whole document. */
const MOST_BYTES = 1_024;

/** One line that any system carries as a header, cut at a character. */
function line(text: string): string {
  const flat = text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim();
  const bytes = Buffer.from(flat);
  if (bytes.byteLength <= MOST_BYTES) return flat;
  let end = MOST_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

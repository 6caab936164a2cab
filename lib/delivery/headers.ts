import { CORRELATION_ID, type Headers, HOPS, NO_HEADERS } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { Binding } from './binding.js';

export { CORRELATION_ID, HOPS } from '../driver/index.js';
/** The error text of a reply to a request that failed. */
export const ERROR = 'multi-broker-error';

const LIBRARY_HEADERS = 'multi-broker-';

/** Headers of one hop alone: the library's, and those of the server that the message came from. */
export function isOfOneHop(name: string, { serverHeaders }: Pick<Binding, 'serverHeaders'>): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith(LIBRARY_HEADERS) || (serverHeaders !== undefined && lower.startsWith(serverHeaders));
}

/** Whether any system takes it as a header: it crosses without being asked for, and must not fail. */
export function isPrintable(value: string): boolean {
  return value !== '' && !/[\x00-\x1f\x7f]/.test(value);
}

/** The correlation id of a message; undefined where other systems could not carry it. */
export function correlationIdOf(headers: Headers): string | undefined {
  const written = headers[CORRELATION_ID];
  return written !== undefined && isPrintable(written) ? written : undefined;
}

/** How many times a message was passed on so far; 0 where the header is no number. */
export function hopsOf(headers: Headers): number {
  const written = headers[HOPS];
  if (written === undefined) return 0;
  const hops = Number.parseInt(written, 10);
  return hops > 0 ? hops : 0;
}

/**
 * Headers that cross from a source message to a result of its handler: a new object for each, as more are added. The
 * names are spelt out: objects of computed names, and look-ups by them, cost several times as much.
 */
export function crossing(headers: Headers, correlationId: string, hops: string): Record<string, string> {
  const crossed: Record<string, string> = {
    'correlation-id': correlationId,
    'multi-broker-hops': hops,
  } satisfies Record<typeof CORRELATION_ID | typeof HOPS, string>;
  if (headers !== NO_HEADERS) addTrace(crossed, headers);
  return crossed;
}

/** Whether nothing but correlation id and hops crosses. */
export function isUntraced({ traceparent, baggage }: Headers): boolean {
  return traceparent === undefined && baggage === undefined;
}

/** @throws MULTI_BROKER_HOP_LIMIT for a message that was passed on too many times */
export function refuseLoop(headers: Headers, maxHops: number, binding: Binding): void {
  if (hopsOf(headers) < maxHops) return;
  const { broker, handler } = binding;
  throw errorOf('MULTI_BROKER_HOP_LIMIT.received', { broker, hops: maxHops, handler });
}

const ZEROS = /^0+$/;
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/]{0,255}(@[a-z][a-z0-9_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MOST_MEMBERS = 32;

/** W3C Trace Context: an invalid `traceparent` is ignored. */
function isTraceParent(text: string): boolean {
  const [, version, trace = '', parent = '', more] = PARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || ZEROS.test(trace) || ZEROS.test(parent)) return false;
  return more === undefined || (version !== '00' && !/[^\x21-\x7e]/.test(more));
}

function isTraceState(text: string): boolean {
  const members = text.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const written = members.filter((member) => member !== '');
  return written.length > 0 && written.length <= MOST_MEMBERS && written.every((member) => MEMBER.test(member));
}

/** Adds trace context and baggage as they came. Invalid ones are left out: they cross without being asked for. */
export function addTrace(crossed: Record<string, string>, headers: Headers): void {
  const { traceparent, tracestate, baggage } = headers;
  if (traceparent !== undefined && isTraceParent(traceparent)) {
    crossed['traceparent'] = traceparent;
    if (tracestate !== undefined && isTraceState(tracestate)) crossed['tracestate'] = tracestate;
  }
  if (baggage !== undefined && /^[\t\x20-\x7e]+$/.test(baggage)) crossed['baggage'] = baggage;
}

import { CONTENT_TYPE } from '../codec/index.js';
import { type Headers, NO_HEADERS } from '../driver/index.js';

/** Ties a message to the one that caused it; crosses brokers. */
export const CORRELATION_ID = 'correlation-id';
/** How many handlers have passed a message on. */
export const HOPS = 'multi-broker-hops';
/** An answer that tells a failure: its text. */
export const ERROR = 'multi-broker-error';

/**
 * What belongs to one hop alone. Servers up to NATS 2.9.3 took any header that ends in `Nats-Msg-Id` for one of
 * theirs.
 */
function staysBehind(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith('multi-broker-') || lower.startsWith('nats-') || lower === CONTENT_TYPE;
}

/** How often a message was passed on so far. What is no number counts as never. */
export function hopsOf(headers: Headers): number {
  const written = headers[HOPS];
  if (written === undefined) return 0;
  const hops = Number.parseInt(written, 10);
  return hops > 0 ? hops : 0;
}

/**
 * What crosses from a source message to one that its handler returned: a new object for each, as more is added. The
 * names are spelt out: objects of computed names, and look-ups by them, are several times as dear.
 */
export function crossing(headers: Headers, correlationId: string, hops: string): Record<string, string> {
  const crossed: Record<string, string> = {
    'correlation-id': correlationId,
    'multi-broker-hops': hops,
  } satisfies Record<typeof CORRELATION_ID | typeof HOPS, string>;
  return headers === NO_HEADERS ? crossed : withTrace(crossed, headers);
}

/** W3C trace context and baggage, as they come. */
function withTrace(crossed: Record<string, string>, headers: Headers): Record<string, string> {
  const { traceparent, tracestate, baggage } = headers;
  if (traceparent !== undefined) crossed['traceparent'] = traceparent;
  if (tracestate !== undefined) crossed['tracestate'] = tracestate;
  if (baggage !== undefined) crossed['baggage'] = baggage;
  return crossed;
}

/** The source's headers that a publisher asked for, without those that belong to one hop. */
export function forwarded(headers: Headers, which: true | readonly string[]): Headers {
  const chosen: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!staysBehind(name) && (which === true || which.includes(name))) chosen[name] = value;
  }
  return chosen;
}

import { CONTENT_TYPE } from '../codec/index.js';
import { type Headers, NO_HEADERS } from '../driver/index.js';
import { addTrace } from './trace-context.js';

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
export function staysBehind(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith('multi-broker-') || lower.startsWith('nats-') || lower === CONTENT_TYPE;
}

/** What may stand in a header of any system: it crosses though nobody asked for it. */
export function isPrintable(value: string): boolean {
  return value !== '' && !/[\x00-\x1f\x7f]/.test(value);
}

/** The correlation id that came with the message. One that no header of another system can hold is none. */
export function correlationIdOf(headers: Headers): string | undefined {
  const written = headers[CORRELATION_ID];
  return written !== undefined && isPrintable(written) ? written : undefined;
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
  if (headers !== NO_HEADERS) addTrace(crossed, headers);
  return crossed;
}

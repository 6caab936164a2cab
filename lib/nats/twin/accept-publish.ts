import { type Headers, NO_HEADERS, type Outgoing, PlainMessage } from '../../driver/index.js';
import { phrase, type PublishError } from '../../errors/index.js';
import { store, type Stored, surelyFits } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { PublishErrors } from '../driver/connection/publish-errors.js';
import {
  carriedLines,
  classify,
  DEDUPE_HEADER,
  headerProblem,
  headersOf,
  isKeyHeader,
  keyOf,
  type Line,
  rawHeadersOf,
  saysNull,
} from '../header-names.js';

/** nats-server's default `max_payload`, for headers and body together. */
const MAX_PAYLOAD = 1_048_576;

/** Bytes of `NATS/1.0`, its line break and the empty line at the end. */
const PREAMBLE = 12;

/** Bytes of `: ` and the line break. */
const LINE = 4;

/** Circumstances of a publish. */
export interface PublishContext {
  readonly timestamp: number;
  /** The broker that publishes. */
  readonly broker: string;
  readonly replyTo?: string;
  readonly errors: PublishErrors;
}

/** The message as the server would store it and nats.js would read it, or the error if the driver would refuse it. */
export function acceptPublish(message: Outgoing, to: NatsDestinationSpec, at: PublishContext): Stored | PublishError {
  if (isUsual(message) && surelyFits(message, MAX_PAYLOAD)) return store(to.subject, message, at.timestamp, at);
  const headers = kept(message);
  const problem = problemOf(headers);
  if (problem !== undefined) return at.errors.badHeader(to, problem.name, problem.why);
  const size = surelyFits(message, MAX_PAYLOAD) ? 0 : sizeOf(message, headers);
  if (size > MAX_PAYLOAD) return at.errors.tooLarge(to, phrase('natsTooLarge', { size, most: MAX_PAYLOAD }));
  const { body, key, origin } = message;
  const plain = message.rawHeaders === undefined && (key === undefined || isText(key)) && isReadAsWritten(headers);
  const read = plain ? { body, key, headers } : asRead(message, headers);
  return store(to.subject, { ...read, origin }, at.timestamp, at);
}

/** Whether the message is stored and read exactly as it was written, as most are. */
function isUsual(message: Outgoing): boolean {
  // Its other headers are the library's own.
  if (message instanceof PlainMessage) {
    const { publisher, correlationId, contentType = '' } = message;
    return publisher === undefined && isText(correlationId) && isText(contentType);
  }
  const { key, headers, rawHeaders, dedupeId } = message;
  if (rawHeaders !== undefined || dedupeId !== undefined || (key !== undefined && !isText(key))) return false;
  for (const name in headers) if (classify(name) !== 'plain' || !isText(headers[name] ?? '')) return false;
  return true;
}

/** Whether the value is a text on one line, without blanks at its ends that would be trimmed. */
function isText(value: string | Uint8Array): value is string {
  if (typeof value === 'object') return false;
  if (value === '') return true;
  const [first, last] = [value.charCodeAt(0), value.charCodeAt(value.length - 1)];
  if (first <= 32 || first > 126 || last <= 32 || last > 126) return value === value.trim() && !/[\r\n]/.test(value);
  return !value.includes('\n') && !value.includes('\r');
}

/** The headers that are written: with the dedupe id, without those on which the server would act. */
function kept({ headers = NO_HEADERS, key, dedupeId }: Outgoing): Headers {
  const hasKey = key !== undefined;
  if (dedupeId === undefined && allPass(headers, hasKey)) return headers;
  const passed: Record<string, string> = {};
  for (const name in headers) if (passes(name, hasKey)) passed[name] = headers[name] ?? '';
  if (dedupeId !== undefined) passed[DEDUPE_HEADER] = dedupeId;
  return passed;
}

function allPass(headers: Headers, hasKey: boolean): boolean {
  for (const name in headers) if (!passes(name, hasKey)) return false;
  return true;
}

function passes(name: string, hasKey: boolean): boolean {
  const kind = classify(name);
  return kind !== 'left-out' && !(kind === 'own' && hasKey && isKeyHeader(name));
}

/** nats.js trims values, and the library reads some names as key, value or encoded header. */
function isReadAsWritten(headers: Headers): boolean {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (value !== value.trim() || classify(name) === 'own') return false;
  }
  return true;
}

function asRead(message: Outgoing, headers: Headers): Pick<Outgoing, 'body' | 'key' | 'headers' | 'rawHeaders'> {
  const lines = grouped([...Object.entries(headers), ...carriedLines(message)]);
  const read = rawHeadersOf(lines);
  const single = new Set(read.filter(([name]) => lines.get(name)?.length === 1).map(([name]) => name));
  const rawHeaders = read.filter(([name]) => !single.has(name));
  const { body } = message;
  return {
    body: body?.length === 0 && saysNull(lines) ? null : body,
    key: keyOf(lines),
    headers: Object.fromEntries(Object.entries(headersOf(lines)).filter(([name]) => single.has(name))),
    rawHeaders: rawHeaders.length === 0 ? undefined : rawHeaders,
  };
}

function grouped(lines: readonly Line[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const values = found.get(name);
    if (values === undefined) found.set(name, [value.trim()]);
    else values.push(value.trim());
  }
  return found;
}

interface Problem {
  readonly name: string;
  readonly why: string;
}

/** The first header that NATS cannot carry. The dedupe id is the library's own and needs no check. */
function problemOf(headers: Headers): Problem | undefined {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (name === DEDUPE_HEADER || (classify(name) !== 'invalid' && !/[\r\n]/.test(value))) continue;
    const why = headerProblem(name, value);
    if (why !== undefined) return { name, why };
  }
  return undefined;
}

/** Bytes of the body and all header lines. */
function sizeOf(message: Outgoing, headers: Headers): number {
  const lines = [...Object.entries(headers), ...carriedLines(message)];
  const bytes = lines.map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value) + LINE);
  return bytes.reduce((sum, line) => sum + line, (message.body?.length ?? 0) + (lines.length === 0 ? 0 : PREAMBLE));
}

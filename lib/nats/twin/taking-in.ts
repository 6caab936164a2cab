import { type Headers, NO_HEADERS, type Outgoing } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import { store, type Stored, surelyFits } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { PublishErrors } from '../driver/publish-errors.js';
import { carriedLines, headersOf, keyOf, type Line, rawHeadersOf, saysNull } from '../carried.js';
import { actsOnServer, dedupeHeader, headerProblem, isKeyHeader, isOwnHeader } from '../header-names.js';

/** As `max_payload` of nats-server: headers and body together. */
const MAX_PAYLOAD = 1_048_576;

/** `NATS/1.0`, its line break, and the empty line at the end. */
const PREAMBLE = 12;

/** `: ` and the line break. */
const LINE = 4;

/** Where and when a message is taken in. */
export interface TakingIn {
  readonly timestamp: number;
  /** Whose publish it is. */
  readonly broker: string;
  readonly replyTo?: string;
  readonly errors: PublishErrors;
}

/** The message as the server would keep it and nats.js would read it, or why the server would not have it. */
export function takeIn(message: Outgoing, to: NatsDestinationSpec, at: TakingIn): Stored | PublishError {
  if (isUsual(message) && surelyFits(message, MAX_PAYLOAD)) return store(to.subject, message, at.timestamp, at);
  const headers = kept(message);
  const problem = problemOf(headers);
  if (problem !== undefined) return at.errors.badHeader(to, problem.name, problem.why);
  const size = surelyFits(message, MAX_PAYLOAD) ? 0 : sizeOf(message, headers);
  if (size > MAX_PAYLOAD) return at.errors.tooLarge(to, `${size} bytes with headers, the server takes ${MAX_PAYLOAD}`);
  const { body, key, origin } = message;
  const plain = message.rawHeaders === undefined && (key === undefined || isText(key)) && isReadAsWritten(headers);
  const read = plain ? { body, key, headers } : asRead(message, headers);
  return store(to.subject, { ...read, origin }, at.timestamp, at);
}

/** Most messages are: all of it is kept, and read as it was written. */
function isUsual({ key, headers, rawHeaders, dedupeId }: Outgoing): boolean {
  if (rawHeaders !== undefined || dedupeId !== undefined || (key !== undefined && !isText(key))) return false;
  for (const name in headers) if (verdictOn(name) !== 'fine' || !isText(headers[name] ?? '')) return false;
  return true;
}

/** Visible ASCII at both ends, so that nothing is trimmed, on one line. */
function isText(value: string | Uint8Array): value is string {
  if (typeof value === 'object') return false;
  if (value === '') return true;
  const [first, last] = [value.charCodeAt(0), value.charCodeAt(value.length - 1)];
  if (first <= 32 || first > 126 || last <= 32 || last > 126) return value === value.trim() && !/[\r\n]/.test(value);
  return !value.includes('\n') && !value.includes('\r');
}

/** The headers that are written: the dedupe id is one, what the server would act on is none. */
function kept({ headers = NO_HEADERS, key, dedupeId }: Outgoing): Headers {
  const hasKey = key !== undefined;
  if (dedupeId === undefined && allPass(headers, hasKey)) return headers;
  const passed: Record<string, string> = {};
  for (const name in headers) if (passes(name, hasKey)) passed[name] = headers[name] ?? '';
  if (dedupeId !== undefined) passed[dedupeHeader] = dedupeId;
  return passed;
}

function allPass(headers: Headers, hasKey: boolean): boolean {
  for (const name in headers) if (!passes(name, hasKey)) return false;
  return true;
}

function passes(name: string, hasKey: boolean): boolean {
  const verdict = verdictOn(name);
  return verdict !== 'left out' && !(verdict === 'own' && hasKey && isKeyHeader(name));
}

/** nats.js takes blanks away around a value, and the library reads some names as something else than a header. */
function isReadAsWritten(headers: Headers): boolean {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (value !== value.trim() || verdictOn(name) === 'own') return false;
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

/** The dedupe id is the library's own. */
function problemOf(headers: Headers): Problem | undefined {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (name === dedupeHeader || (verdictOn(name) !== 'bad' && !/[\r\n]/.test(value))) continue;
    const why = headerProblem(name, value);
    if (why !== undefined) return { name, why };
  }
  return undefined;
}

/** Of the body and all header lines. */
function sizeOf(message: Outgoing, headers: Headers): number {
  const lines = [...Object.entries(headers), ...carriedLines(message)];
  const bytes = lines.map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value) + LINE);
  return bytes.reduce((sum, line) => sum + line, (message.body?.length ?? 0) + (lines.length === 0 ? 0 : PREAMBLE));
}

type Verdict = 'fine' | 'bad' | 'left out' | 'own';

/** Names may come from data without end: beyond so many they are looked at anew. */
const REMEMBERED = 1_000;
const verdicts = new Map<string, Verdict>();

/** `left out`: the server would act on it. `own`: it is read as a key, a value or an encoded header. */
function verdictOn(name: string): Verdict {
  const known = verdicts.get(name);
  if (known !== undefined) return known;
  const verdict = judge(name);
  if (verdicts.size >= REMEMBERED) verdicts.clear();
  verdicts.set(name, verdict);
  return verdict;
}

function judge(name: string): Verdict {
  if (actsOnServer(name)) return 'left out';
  if (isOwnHeader(name) || isKeyHeader(name)) return 'own';
  return headerProblem(name, '') === undefined ? 'fine' : 'bad';
}

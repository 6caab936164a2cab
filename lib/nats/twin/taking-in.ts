import { type Headers, NO_HEADERS, type Outgoing } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import { store, type Stored, surelyFits } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { PublishErrors } from '../driver/publish-errors.js';
import { actsOnServer, dedupeHeader, headerProblem, keyHeader } from '../header-names.js';

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

/** The message as the server would keep it, or why it would not have it. */
export function takeIn(message: Outgoing, to: NatsDestinationSpec, at: TakingIn): Stored | PublishError {
  const headers = kept(message);
  const problem = problemOf(headers, message.key);
  if (problem !== undefined) return at.errors.badHeader(to, problem.name, problem.why);
  const size = surelyFits(message, MAX_PAYLOAD) ? 0 : sizeOf(message, headers);
  if (size > MAX_PAYLOAD) return at.errors.tooLarge(to, `${size} bytes with headers, the server takes ${MAX_PAYLOAD}`);
  // An empty body is a message without a value: NATS knows no other.
  const body = message.body?.length === 0 ? null : message.body;
  const { key, origin } = message;
  return store(to.subject, { body, key, headers, origin }, at.timestamp, at);
}

/** The headers that the message has for who reads it: the dedupe id is one, the key is none. */
function kept({ headers = NO_HEADERS, dedupeId }: Outgoing): Headers {
  if (dedupeId === undefined && allPass(headers)) return headers;
  const passed: Record<string, string> = {};
  for (const name in headers) if (verdictOn(name) !== 'left out') passed[name] = headers[name] ?? '';
  if (dedupeId !== undefined) passed[dedupeHeader] = dedupeId;
  return passed;
}

function allPass(headers: Headers): boolean {
  for (const name in headers) if (verdictOn(name) === 'left out') return false;
  return true;
}

interface Problem {
  readonly name: string;
  readonly why: string;
}

/** The key travels as a header too. The dedupe id is the library's own. */
function problemOf(headers: Headers, key: string | undefined): Problem | undefined {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (name === dedupeHeader || (verdictOn(name) === 'fine' && !/[\r\n]/.test(value))) continue;
    const why = headerProblem(name, value);
    if (why !== undefined) return { name, why };
  }
  const why = key === undefined ? undefined : headerProblem(keyHeader, key);
  return why === undefined ? undefined : { name: keyHeader, why };
}

/** Of the body and all header lines. */
function sizeOf({ body, key }: Outgoing, headers: Headers): number {
  const lines = Object.entries(headers);
  if (key !== undefined) lines.push([keyHeader, key]);
  const bytes = lines.map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value) + LINE);
  return bytes.reduce((sum, line) => sum + line, (body?.length ?? 0) + (lines.length === 0 ? 0 : PREAMBLE));
}

type Verdict = 'fine' | 'bad' | 'left out';

/** Names may come from data without end: beyond so many they are looked at anew. */
const REMEMBERED = 1_000;
const verdicts = new Map<string, Verdict>();

/** `left out`: the server would act on it, or it would be read as the key. */
function verdictOn(name: string): Verdict {
  const known = verdicts.get(name);
  if (known !== undefined) return known;
  const leftOut = actsOnServer(name) || name.toLowerCase() === keyHeader;
  const verdict = leftOut ? 'left out' : headerProblem(name, '') === undefined ? 'fine' : 'bad';
  if (verdicts.size >= REMEMBERED) verdicts.clear();
  verdicts.set(name, verdict);
  return verdict;
}

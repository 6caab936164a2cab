import type { Outgoing } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import { store, type Stored } from '../../twin/index.js';
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
  const { key, origin } = message;
  const headers: Record<string, string> = {};
  const lines = linesOf(message);
  let size = (message.body?.length ?? 0) + (lines.length > 0 ? PREAMBLE : 0);
  for (const [name, value] of lines) {
    const problem = headerProblem(name, value);
    if (problem !== undefined) return at.errors.badHeader(to, name, problem);
    size += Buffer.byteLength(name) + Buffer.byteLength(value) + LINE;
    if (name !== keyHeader) headers[name] = value;
  }
  if (size > MAX_PAYLOAD) return at.errors.tooLarge(to, `${size} bytes with headers, the server takes ${MAX_PAYLOAD}`);
  // An empty body is a message without a value: NATS knows no other.
  const body = message.body?.length === 0 ? null : message.body;
  return store(to.subject, { body, key, headers, origin }, at.timestamp, at);
}

/** The header lines: key and dedupe id travel as headers; what the server would act on is left out. */
function linesOf({ headers = {}, key, dedupeId }: Outgoing): [string, string][] {
  const lines = Object.entries(headers).filter(([name]) => !actsOnServer(name) && name.toLowerCase() !== keyHeader);
  if (key !== undefined) lines.push([keyHeader, key]);
  if (dedupeId !== undefined) lines.push([dedupeHeader, dedupeId]);
  return lines;
}

import type { Headers, Outgoing } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import { store, type Stored } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { PublishErrors } from '../driver/publish-errors.js';
import { actsOnServer, dedupeHeader, headerProblem, keyHeader } from '../header-names.js';

/** As `max_payload` of nats-server: headers and body together. */
const MAX_PAYLOAD = 1_048_576;

/** The message as the server would keep it, or why it would not have it. */
export function takeIn(
  message: Outgoing,
  to: NatsDestinationSpec,
  at: { readonly timestamp: number; readonly replyTo?: string; readonly errors: PublishErrors },
): Stored | PublishError {
  const headers = headersOf(message);
  const wire = message.key === undefined ? headers : { ...headers, [keyHeader]: message.key };
  const bad = Object.entries(wire).find(([name, value]) => headerProblem(name, value) !== undefined);
  if (bad !== undefined) return at.errors.badHeader(to, bad[0], headerProblem(...bad) ?? '');
  const size = (message.body?.length ?? 0) + sizeOf(wire);
  if (size > MAX_PAYLOAD) return at.errors.tooLarge(to, `${size} bytes with headers, the server takes ${MAX_PAYLOAD}`);
  // An empty body is a message without a value: NATS knows no other.
  const body = message.body?.length === 0 ? null : message.body;
  return store(to.subject, { body, key: message.key, headers }, at.timestamp, at.replyTo);
}

/** The dedupe id travels as a header; what the server would act on is left out. */
function headersOf(message: Outgoing): Headers {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    if (!actsOnServer(name) && name.toLowerCase() !== keyHeader) headers[name] = value;
  }
  if (message.dedupeId !== undefined) headers[dedupeHeader] = message.dedupeId;
  return headers;
}

/** `NATS/1.0`, a line each, and an empty line; nothing at all without headers. */
function sizeOf(headers: Headers): number {
  const lines = Object.entries(headers);
  const bytes = lines.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 4, 0);
  return lines.length === 0 ? 0 : bytes + 12;
}

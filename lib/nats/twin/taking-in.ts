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
  const taken = new HeaderLines();
  const problem = addAll(taken, message);
  if (problem !== undefined) return at.errors.badHeader(to, problem.name, problem.why);
  const size = (message.body?.length ?? 0) + taken.size;
  if (size > MAX_PAYLOAD) return at.errors.tooLarge(to, `${size} bytes with headers, the server takes ${MAX_PAYLOAD}`);
  // An empty body is a message without a value: NATS knows no other.
  const body = message.body?.length === 0 ? null : message.body;
  const { key, origin } = message;
  return store(to.subject, { body, key, headers: taken.headers, origin }, at.timestamp, at);
}

interface Problem {
  readonly name: string;
  readonly why: string;
}

/** Key and dedupe id travel as headers; what the server would act on is left out. */
function addAll(lines: HeaderLines, { headers, key, dedupeId }: Outgoing): Problem | undefined {
  for (const name in headers) {
    if (actsOnServer(name) || name.toLowerCase() === keyHeader) continue;
    const problem = lines.add(name, headers[name] ?? '');
    if (problem !== undefined) return problem;
  }
  if (dedupeId !== undefined) lines.add(dedupeHeader, dedupeId);
  return key === undefined ? undefined : lines.count(keyHeader, key);
}

/** The header lines of one message, checked, and their size. */
class HeaderLines {
  readonly headers: Record<string, string> = {};
  size = 0;

  add(name: string, value: string): Problem | undefined {
    this.headers[name] = value;
    return this.count(name, value);
  }

  /** A key is a line, and no header to who reads. */
  count(name: string, value: string): Problem | undefined {
    if (this.size === 0) this.size = PREAMBLE;
    this.size += Buffer.byteLength(name) + Buffer.byteLength(value) + LINE;
    const why = headerProblem(name, value);
    return why === undefined ? undefined : { name, why };
  }
}

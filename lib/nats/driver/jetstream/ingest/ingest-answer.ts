import type { ClientMessage } from '../../connection/client-port.js';

/** What a server does with a message of a batch, the last but one token of its reply subject (ADR-50 of NATS). */
export const OPERATION = { begin: 0, add: 1, commit: 2 } as const;

/** Acks come at most every so many messages; a server that has several batches of a stream answers more often. */
const FLOW = 500;
const SUFFIX = '.$FI';

/** `fail`: a message that is refused, or did not arrive, ends the batch, so that nothing is stored behind it. */
export const replyPrefix = (inbox: string, id: string): string => `${inbox}${id}.${FLOW}.fail.`;

export const replySubject = (prefix: string, sequence: number, operation: number): string =>
  `${prefix}${sequence}.${operation}${SUFFIX}`;

const DISABLED = 10_205;
const TOO_MANY = 10_211;
/**
 * The server's words for: not taken into the batch, and not stored. Fast ingest is off (10205), the subject is malformed
 * (10206, 10207), there is no such batch or it has ended (10208), the stream or the server has too many of them (10211).
 */
const NOT_TAKEN: readonly unknown[] = [DISABLED, 10_206, 10_207, 10_208, TOO_MANY];

/** Why a message is not part of a batch. */
export type NotTaken = 'disabled' | 'too-many' | 'no-batch';

const WHY = new Map<unknown, NotTaken>([
  [DISABLED, 'disabled'],
  [TOO_MANY, 'too-many'],
]);

/** An answer to one message of a batch. */
export type IngestAnswer =
  /** All of the batch up to here is stored, or was already. */
  | { readonly kind: 'stored'; readonly until: number }
  /** The batch has ended: so much of it is stored, and nothing behind. */
  | { readonly kind: 'ended'; readonly until: number; readonly stream: string }
  /** The message is refused, which ends the batch. */
  | { readonly kind: 'refused'; readonly at: number }
  /** Neither the message nor what follows it is part of a batch. */
  | { readonly kind: 'not-taken'; readonly sequence: number; readonly why: NotTaken }
  /** As to a message without a batch: an error, a PubAck, no responders, or another subscriber's reply. */
  | { readonly kind: 'single'; readonly sequence: number }
  /** What did not arrive is told once more, by the end of the batch. */
  | { readonly kind: 'nothing' };

interface Body {
  readonly type?: unknown;
  readonly seq?: number;
  readonly stream?: string;
  readonly batch?: string;
  readonly count?: number;
  readonly error?: { readonly err_code?: number };
}

/** Reads what came to a reply subject of the batch with this id. */
export function readIngestAnswer(message: ClientMessage, id: string): IngestAnswer {
  const body = bodyOf(message);
  if (body.type === 'ack') return { kind: 'stored', until: body.seq ?? 0 };
  if (body.type === 'err') return { kind: 'refused', at: body.seq ?? 0 };
  if (body.type === 'gap') return { kind: 'nothing' };
  const { batch, count, stream, error } = body;
  if (batch === id && count !== undefined && stream !== undefined) return { kind: 'ended', until: count, stream };
  const sequence = sequenceOf(message);
  const code = error?.err_code;
  if (!NOT_TAKEN.includes(code)) return { kind: 'single', sequence };
  return { kind: 'not-taken', sequence, why: WHY.get(code) ?? 'no-batch' };
}

function sequenceOf(message: ClientMessage): number {
  return Number(message.subject.split('.').at(-3));
}

function bodyOf({ data }: ClientMessage): Body {
  if (data.length === 0) return {};
  try {
    const read: unknown = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {};
  }
}

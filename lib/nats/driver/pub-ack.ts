import type { Msg } from 'nats';

import type { Outcome } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { headersOf } from './message-parts.js';
import type { PublishErrors } from './publish-errors.js';

interface PubAck {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/** nats-server errors.json: "message size exceeds maximum allowed". */
const messageTooLarge = 10_054;

/** What the server writes where all is well, and nothing is escaped. Read so it costs about half of `JSON.parse`. */
const plain = /^\{"stream":"([^"\\]+)", ?"seq":(\d{1,15})\}$/;

/** An outcome, and the stream that took the message. */
export interface Answer {
  readonly outcome: Outcome;
  readonly stream?: string;
}

/** What the stream's answer says. `undefined`: nobody was there to answer. */
export function readPubAck(message: Msg, to: NatsDestinationSpec, errors: PublishErrors): Answer | undefined {
  if (message.data.length === 0) {
    return headersOf(message)?.code === 503 ? undefined : failed(odd(to, errors));
  }
  const text = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength).toString();
  const ack = parse(text);
  if (ack?.error !== undefined) return failed(refusal(ack.error, to, errors));
  if (ack?.stream === undefined || ack.seq === undefined) return failed(odd(to, errors));
  const position = `${ack.stream}@${ack.seq}`;
  const receipt = ack.duplicate === true ? { position, duplicate: true } : { position };
  return { outcome: { receipt }, stream: ack.stream };
}

const failed = (error: PublishError): Answer => ({ outcome: { error } });

function parse(text: string): PubAck | undefined {
  const found = plain.exec(text);
  if (found !== null) return { stream: found[1] ?? '', seq: Number(found[2]) };
  try {
    return JSON.parse(text) as PubAck;
  } catch {
    return undefined;
  }
}

/** Somebody else than a stream answered: whether a stream has it nobody knows. */
function odd(to: NatsDestinationSpec, errors: PublishErrors): PublishError {
  return errors.unconfirmed(to, 'the answer was no PubAck of a stream');
}

/** A 5xx is about the stream's state (full, without leader, out of resources), which may change. */
function refusal(error: NonNullable<PubAck['error']>, to: NatsDestinationSpec, errors: PublishErrors): PublishError {
  const text = error.description ?? 'no reason was told';
  if (error.err_code === messageTooLarge) return errors.tooLarge(to, text);
  return errors.refused(to, text, (error.code ?? 0) >= 500);
}

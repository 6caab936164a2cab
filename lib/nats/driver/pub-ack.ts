import type { Msg } from 'nats';

import type { Outcome } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { mayPass } from './jetstream-api.js';
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

/**
 * What the stream's answer says. `nobody`: nobody was there to answer. `no-ack`: somebody else answered, as every
 * subscription of the subject may; the stream's own answer is still to come.
 */
export function readPubAck(message: Msg, to: NatsDestinationSpec, errors: PublishErrors): Answer | 'nobody' | 'no-ack' {
  if (message.data.length === 0) return headersOf(message)?.code === 503 ? 'nobody' : 'no-ack';
  const ack = parse(textOf(message));
  if (ack?.error !== undefined) return failed(refusal(ack.error, to, errors));
  if (ack?.stream === undefined || ack.seq === undefined) return 'no-ack';
  const position = `${ack.stream}@${ack.seq}`;
  const receipt = ack.duplicate === true ? { position, duplicate: true } : { position };
  return { outcome: { receipt }, stream: ack.stream };
}

/** The longest PubAck is far shorter: what a stream refuses it says in a sentence. */
const longestAck = 1_024;

/** The stream that the answer of a request is the PubAck of, stored or refused; undefined where it is none. */
export function streamOfPubAck(answer: Msg): string | undefined {
  // The server's answers have no headers; those of this library have some, whatever a responder returned.
  if (answer.data.length === 0 || answer.data.length > longestAck || headersOf(answer) !== undefined) return undefined;
  const ack = parse(textOf(answer));
  return typeof ack?.seq === 'number' ? ack.stream : undefined;
}

const textOf = ({ data }: Msg): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();

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

function refusal(error: NonNullable<PubAck['error']>, to: NatsDestinationSpec, errors: PublishErrors): PublishError {
  const text = error.description ?? 'no reason was told';
  if (error.err_code === messageTooLarge) return errors.tooLarge(to, text);
  return errors.refused(to, text, mayPass(error.code ?? 0));
}

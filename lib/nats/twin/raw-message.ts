import type { Headers } from '../../driver/index.js';
import type { Stored } from '../../twin/index.js';
import { carriedLines } from '../carried.js';

/** What `message.raw` is on a twin, in the terms of the client's `Msg`; a stream's message has its place too. */
export interface TwinRawMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  /** Of repeated headers the last. */
  readonly headers: Headers;
  readonly stream?: string;
  readonly seq?: number;
}

/** A copy of its own for whoever asks. */
export function rawMessage(stored: Stored, place?: { readonly stream: string; readonly seq: number }): TwinRawMessage {
  return {
    subject: stored.address,
    data: new Uint8Array(stored.body ?? []),
    ...(stored.replyTo !== undefined && { reply: stored.replyTo }),
    headers: { ...stored.headers, ...Object.fromEntries(carriedLines(stored)) },
    ...place,
  };
}

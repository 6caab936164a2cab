import type { JsMsg, Msg } from 'nats';

import type { Headers, Incoming, RawHeader } from '../../driver/index.js';
import type { SubjectParams } from '../subject-match.js';
import { readBody, readHeaders, readKey, readRawHeaders, readRawKey } from './message-parts.js';

/** What the reply subject of a delivery says. */
export interface DeliveryInfo {
  /** The reply subject itself: settlements go there. */
  readonly handle: string;
  readonly stream: string;
  readonly deliveries: number;
  readonly seq: number;
  /** Nanoseconds since the epoch: too long for a number. */
  readonly stored: string;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<consumer seq>.<time>.<pending>`, or the later form with domain
 * and account in front of the stream. Undefined where it is neither.
 */
export function deliveryInfo(handle: string): DeliveryInfo | undefined {
  const tokens = handle.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const at = tokens.length === 9 ? 2 : 4;
  const [stream = '', , deliveries, seq, , stored = ''] = tokens.slice(at);
  return { handle, stream, deliveries: Number(deliveries), seq: Number(seq), stored };
}

/** What all messages of a lane have in common. */
export interface StreamMessageContext {
  readonly broker: string;
  readonly readParams: ((subject: string) => SubjectParams) | undefined;
  readonly toJsMsg: (message: Msg) => JsMsg;
}

/** One message of a JetStream consumer. Everything but its place is read when asked for. */
export class StreamMessage implements Incoming {
  private subject: string | undefined;
  private made: JsMsg | undefined;
  /** Where its settlement goes: the handle of its latest delivery. */
  handle: string;
  /** Its handler is over and has not settled it. */
  left = false;

  constructor(
    private readonly message: Msg,
    readonly info: DeliveryInfo,
    private readonly context: StreamMessageContext,
  ) {
    this.handle = info.handle;
  }

  get body(): Uint8Array | null {
    return readBody(this.message);
  }

  get key(): string | undefined {
    return readKey(this.message);
  }

  get rawKey(): Buffer | undefined {
    return readRawKey(this.message);
  }

  /** NATS has no other way to say that there is no value; only this library says so by a header. */
  get emptyMayBeNull(): boolean {
    return this.message.data.length === 0;
  }

  get address(): string {
    this.subject ??= this.message.subject;
    return this.subject;
  }

  get params(): SubjectParams | undefined {
    return this.context.readParams?.(this.address);
  }

  /** The reply subject of a delivery is its handle; an asker's is not kept by a stream. */
  get replyTo(): undefined {
    return undefined;
  }

  get timestamp(): number {
    return Math.floor(Number(this.info.stored) / 1e6);
  }

  get raw(): JsMsg {
    this.made ??= this.context.toJsMsg(this.message);
    return this.made;
  }

  /** With the time, for a stream that is made anew counts from 1 again. */
  get position(): string {
    return `nats:${this.context.broker}:${this.info.stream}:${this.info.seq}:${this.info.stored}`;
  }

  get location(): string {
    return `${this.info.stream}@${this.info.seq}`;
  }

  get deliveries(): number {
    return this.info.deliveries;
  }

  headers(): Headers {
    return readHeaders(this.message);
  }

  rawHeaders(): readonly RawHeader[] {
    return readRawHeaders(this.message);
  }
}

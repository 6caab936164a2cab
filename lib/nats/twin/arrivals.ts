import type { Headers } from '../../driver/index.js';
import { Arrived, type Receiver, type Stored } from '../../twin/index.js';
import { carriedLines } from '../header-names.js';
import type { Handout } from './twin-consumer.js';

/** `message.raw` on a twin, with the fields of the client's `Msg`; for a stream's message also its position. */
export interface TwinRawMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  /** The last value of each header. */
  readonly headers: Headers;
  readonly stream?: string;
  readonly seq?: number;
}

/** Copies the message, so that a handler cannot change what others get. */
export function rawMessage(stored: Stored, place?: { readonly stream: string; readonly seq: number }): TwinRawMessage {
  return {
    subject: stored.address,
    data: new Uint8Array(stored.body ?? []),
    ...(stored.replyTo !== undefined && { reply: stored.replyTo }),
    headers: { ...stored.headers, ...Object.fromEntries(carriedLines(stored)) },
    ...place,
  };
}

/** A message's position in a stream, in the real driver's form: unique, and the same for every delivery. */
export function positionInStream(broker: string, stream: string, seq: number, timestamp: number): string {
  return `nats:${broker}:${stream}:${seq}:${timestamp}`;
}

/** Core NATS has no positions; the bus numbers its messages. */
export function positionOnSubject(broker: string, subject: string, passed: number): string {
  return `nats:${broker}:${subject}:twin-${passed}`;
}

/** One delivery of a core message. */
export class CoreArrival extends Arrived {
  constructor(
    stored: Stored,
    receiver: Receiver,
    /** The server's number of the message. */
    private readonly id: number,
  ) {
    super(stored, receiver);
  }

  get bytes(): number {
    const { address, size, replyTo = '' } = this.stored;
    return address.length + replyTo.length + size;
  }

  /** As on the server: an empty body without a header that marks it as null may be either. */
  get emptyMayBeNull(): boolean {
    return this.stored.isEmpty;
  }

  get position(): string {
    return positionOnSubject(this.receiver.broker, this.address, this.id);
  }

  protected makeRaw(): unknown {
    return rawMessage(this.stored);
  }
}

/** One delivery of a stream's message. */
export class StreamArrival extends Arrived {
  readonly seq: number;

  constructor(
    { stored, deliveries, seq }: Handout,
    receiver: Receiver,
    private readonly stream: string,
  ) {
    super(stored, receiver, deliveries);
    this.seq = seq;
  }

  /** As on the server: an empty body without a header that marks it as null may be either. */
  get emptyMayBeNull(): boolean {
    return this.stored.isEmpty;
  }

  get position(): string {
    return positionInStream(this.receiver.broker, this.stream, this.seq, this.timestamp);
  }

  get location(): string {
    return `${this.stream}@${this.seq}`;
  }

  protected makeRaw(): unknown {
    return rawMessage(this.stored, { stream: this.stream, seq: this.seq });
  }
}

import type { Headers, Incoming, RawHeader } from '../../../driver/index.js';
import type { SubjectParams } from '../../subject.js';
import { headersOf, readBody, readHeaders, readKey, readRawHeaders, readRawKey } from '../connection/message-parts.js';
import type { ClientMessage } from '../connection/client-port.js';

/** The metadata in the reply subject of a delivery. */
export interface DeliveryInfo {
  /** The reply subject itself, to which settlements are published. */
  readonly handle: string;
  readonly stream: string;
  readonly deliveries: number;
  readonly seq: number;
  /** Nanoseconds since the epoch, which exceed a number's precision. */
  readonly stored: string;
}

/**
 * Parses `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<consumer seq>.<time>.<pending>`, or the later form with domain
 * and account in front of the stream. Undefined if it is neither.
 */
export function deliveryInfo(handle: string): DeliveryInfo | undefined {
  const tokens = handle.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const at = tokens.length === 9 ? 2 : 4;
  const [stream = '', , deliveries, seq, , stored = ''] = tokens.slice(at);
  return { handle, stream, deliveries: Number(deliveries), seq: Number(seq), stored };
}

/** Properties that all messages of a lane share. */
export interface StreamMessageContext {
  readonly broker: string;
  readonly readParams: ((subject: string) => SubjectParams) | undefined;
  readonly toJsMsg: (message: ClientMessage) => unknown;
}

/** One message of a JetStream consumer. Everything but its metadata is parsed on access. */
export class StreamMessage implements Incoming {
  private subject: string | undefined;
  private made: unknown;
  /** The reply subject of its latest delivery, to which its settlement is published. */
  handle: string;
  /** Whether its handler finished without settling it. */
  left = false;

  constructor(
    private readonly message: ClientMessage,
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

  /** NATS has no null value: an empty body may mean one, unless this library published it and says so in a header. */
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

  /** The reply subject of a delivery is for its settlement; a stream does not store that of the publish. */
  get replyTo(): undefined {
    return undefined;
  }

  get timestamp(): number {
    return Math.floor(Number(this.info.stored) / 1e6);
  }

  get raw(): unknown {
    this.made ??= this.context.toJsMsg(this.message);
    return this.made;
  }

  /** Includes the time, for a recreated stream restarts at sequence 1. */
  get position(): string {
    return `nats:${this.context.broker}:${this.info.stream}:${this.info.seq}:${this.info.stored}`;
  }

  get location(): string {
    return `${this.info.stream}@${this.info.seq}`;
  }

  get deliveryCount(): number {
    return this.info.deliveries;
  }

  headers(): Headers {
    return readHeaders(this.message);
  }

  rawHeaders(): readonly RawHeader[] {
    return readRawHeaders(this.message);
  }
}

/** Header of a delete marker: the server writes one, without a body, when the last message of a subject expires. */
const DELETED_HEADER = 'Nats-Marker-Reason';
/** Header of a schedule definition; the messages that the schedule produces are separate ones. */
const SCHEDULE_HEADER = 'Nats-Schedule';

/** Whether the message is a delete marker or a schedule definition, which are not meant for handlers. */
export function isMarker(message: ClientMessage, mayBeSchedule: boolean): boolean {
  if (message.data.length > 0 && !mayBeSchedule) return false;
  const headers = headersOf(message);
  return headers !== undefined && (headers.has(DELETED_HEADER) || (mayBeSchedule && headers.has(SCHEDULE_HEADER)));
}

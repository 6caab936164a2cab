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

/**
 * The same for the handles of one consumer, which begin alike: no list of tokens is made for each, which was a twentieth of
 * what a message costs.
 */
export class HandleReader {
  /** What stands before the number of deliveries. */
  private head = '';
  private stream = '';

  read(handle: string): DeliveryInfo | undefined {
    return this.known(handle) ?? this.first(handle);
  }

  private known(handle: string): DeliveryInfo | undefined {
    const { head, stream } = this;
    if (head === '' || !handle.startsWith(head)) return undefined;
    const afterDeliveries = handle.indexOf('.', head.length);
    const afterSeq = handle.indexOf('.', afterDeliveries + 1);
    const afterConsumerSeq = handle.indexOf('.', afterSeq + 1);
    const afterStored = handle.indexOf('.', afterConsumerSeq + 1);
    if (afterStored <= afterConsumerSeq || afterConsumerSeq <= afterSeq || afterSeq <= afterDeliveries)
      return undefined;
    const deliveries = numberIn(handle, head.length, afterDeliveries);
    const seq = numberIn(handle, afterDeliveries + 1, afterSeq);
    if (deliveries < 0 || seq < 0) return undefined;
    return { handle, stream, deliveries, seq, stored: handle.slice(afterConsumerSeq + 1, afterStored) };
  }

  private first(handle: string): DeliveryInfo | undefined {
    const info = deliveryInfo(handle);
    if (info === undefined) return undefined;
    this.stream = info.stream;
    const tokens = handle.split('.');
    this.head = `${tokens.slice(0, tokens.length === 9 ? 4 : 6).join('.')}.`;
    return info;
  }
}

const ZERO = 48;

/** The digits between two places; negative if there are others, or none. */
function numberIn(text: string, from: number, to: number): number {
  if (from >= to) return -1;
  let number = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
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
export function markerOf(message: ClientMessage, mayBeSchedule: boolean): 'deleted' | 'schedule' | undefined {
  if (message.data.length > 0 && !mayBeSchedule) return undefined;
  const headers = headersOf(message);
  if (headers?.has(DELETED_HEADER)) return 'deleted';
  return mayBeSchedule && headers?.has(SCHEDULE_HEADER) ? 'schedule' : undefined;
}

/** The server's header of a message that a consumer with `headers_only` delivers: the bytes of the body that it leaves out. */
const SIZE_HEADER = 'Nats-Msg-Size';

/** Whether the stream seems to hold a body that was not delivered. A publisher may have written the same header. */
export const isWithoutBody = (message: ClientMessage): boolean =>
  message.data.length === 0 && Number(headersOf(message)?.get(SIZE_HEADER)) > 0;

import type { Outcome, PublishReceipt } from '../../../driver/index.js';
import type { PublishError } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import type { Inbox, ReplyGroup } from '../connection/inbox.js';
import { headersOf } from '../connection/message-parts.js';
import type { PublishErrors } from '../connection/publish-errors.js';
import { mayPass } from './jetstream-api.js';
import type { ClientMessage } from '../connection/client-port.js';

/** What a batch is told of its chunks. */
export interface PublishRun {
  /** A message was not stored. */
  failed: boolean;
  /** The first error after which a message is to be retried. */
  refusal: PublishError | undefined;
}

/** The publisher of a group. */
export interface PubAckHost {
  readonly replies: Inbox;
  readonly errors: PublishErrors;
  readonly plain: PlainPubAcks;
  /** The stream has stored a message of the group. */
  stored(to: NatsDestinationSpec, stream: string): void;
  /** Reads what is no plain PubAck. Undefined: no stream has sent it. */
  read(to: NatsDestinationSpec, message: ClientMessage): Outcome | undefined;
}

/** The messages of one chunk that await their PubAcks. */
export class PubAckGroup implements ReplyGroup {
  /** That of the last plain PubAck: nearly always all of a group are of one. */
  private stream = '';
  private waiting = 0;
  /** The index after the last message that was written. */
  private until: number;
  private readonly prefix: string;
  private readonly end: () => void;
  /** Whether replies arrived that no stream sent. */
  strangers = false;
  private done: (() => void) | undefined;

  constructor(
    readonly to: NatsDestinationSpec,
    private readonly from: number,
    private readonly outcomes: Outcome[],
    private readonly host: PubAckHost,
    private readonly run: PublishRun,
  ) {
    const { prefix, end } = host.replies.expect(this);
    this.prefix = prefix;
    this.end = end;
    this.until = from;
  }

  /** The reply subject of the message, whose PubAck is awaited from now on. Called in the order of the messages. */
  reply(index: number): string {
    this.until = index + 1;
    this.waiting++;
    return this.prefix + String(index - this.from);
  }

  answered(offset: number, message: ClientMessage): void {
    const index = this.from + offset;
    if (!this.waits(index)) return;
    const { plain } = this.host;
    const sequence = plain.sequenceOf(message.data);
    if (sequence === 0) this.answeredOtherwise(index, message);
    else this.stored(index, plain.stream, sequence);
  }

  private stored(index: number, stream: string, sequence: number): void {
    if (this.stream !== stream) {
      this.stream = stream;
      this.host.stored(this.to, stream);
    }
    this.conclude(index, new Stored(stream, sequence));
  }

  private answeredOtherwise(index: number, message: ClientMessage): void {
    const outcome = this.host.read(this.to, message);
    if (outcome === undefined) this.strangers = true;
    else this.conclude(index, outcome);
  }

  settle(index: number, outcome: Outcome): void {
    if (this.waits(index)) this.conclude(index, outcome);
  }

  private conclude(index: number, outcome: Outcome): void {
    this.outcomes[index] = outcome;
    if ('error' in outcome) this.fails(outcome.error);
    if (--this.waiting === 0) this.done?.();
  }

  private fails(error: PublishError): void {
    this.run.failed = true;
    if (error.retryable) this.run.refusal ??= error;
  }

  /** Any client may publish to the inbox, so an index that was not given out is ignored. */
  private waits(index: number): boolean {
    return Number.isInteger(index) && index >= this.from && index < this.until && this.outcomes[index] === undefined;
  }

  /** Fails every message that still awaits its PubAck. */
  fail(error: PublishError): void {
    for (let index = this.from; index < this.until; index++) this.settle(index, { error });
  }

  denied(): void {
    this.fail(this.host.errors.unheard(this.to));
  }

  /** Resolves when every message is settled. */
  async settled(): Promise<void> {
    if (this.waiting > 0) {
      await new Promise<void>((resolve) => {
        this.done = resolve;
      });
    }
    this.end();
  }
}

/** A success. Its receipt is for publishes by code: results of handlers do without, and keep one object less. */
export class Stored {
  constructor(
    private readonly stream: string,
    private readonly sequence: number,
  ) {}

  get receipt(): PublishReceipt {
    return { position: `${this.stream}@${String(this.sequence)}` };
  }
}

interface PubAck {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/** nats-server errors.json: "message size exceeds maximum allowed". */
const MESSAGE_TOO_LARGE = 10_054;

/** A plain success without escapes. The expression takes about half the time of `JSON.parse`. */
const PLAIN = /^\{"stream":"([^"\\]+)", ?"seq":(\d{1,15})\}$/;

/** An outcome, and the stream that stored the message. */
export interface Answer {
  readonly outcome: Outcome;
  readonly stream?: string;
}

/**
 * Reads a reply to a publish. `no-responders`: the server found none. `no-ack`: another subscriber of the subject
 * replied, and the PubAck is still to come.
 */
export function readPubAck(
  message: ClientMessage,
  to: NatsDestinationSpec,
  errors: PublishErrors,
): Answer | 'no-responders' | 'no-ack' {
  if (message.data.length === 0) return headersOf(message)?.code === 503 ? 'no-responders' : 'no-ack';
  const ack = parse(textOf(message.data));
  if (ack?.error !== undefined) return failed(refusal(ack.error, to, errors));
  if (ack?.stream === undefined || ack.seq === undefined) return 'no-ack';
  const position = `${ack.stream}@${ack.seq}`;
  const receipt = ack.duplicate === true ? { position, duplicate: true } : { position };
  return { outcome: { receipt }, stream: ack.stream };
}

/** Digits of a sequence that a JavaScript number surely represents. */
const MOST_DIGITS = 15;
const [ZERO, NINE, BRACE] = [48, 57, 125];

/**
 * Reads plain successes of one stream at a time, as nearly all PubAcks are, by their bytes: text, expression and objects
 * took 1 µs, as long as all else that a confirmation costs. What is not of that very form is for {@link readPubAck}.
 */
export class PlainPubAcks {
  /** All before the digits, for the stream that confirmed last. */
  private start: Uint8Array = new Uint8Array(0);
  stream = '';

  /** The sequence, or 0 where the bytes are anything else. */
  sequenceOf(data: Uint8Array): number {
    const { start } = this;
    const [from, end] = [start.length, data.length - 1];
    if (from === 0 || data[end] !== BRACE || end <= from || end - from > MOST_DIGITS) return 0;
    for (let at = 0; at < from; at++) if (data[at] !== start[at]) return 0;
    let sequence = 0;
    for (let at = from; at < end; at++) {
      const digit = data[at] as number;
      if (digit < ZERO || digit > NINE) return 0;
      sequence = sequence * 10 + digit - ZERO;
    }
    return sequence;
  }

  /** From now on the successes of this PubAck's stream are known. */
  learn(data: Uint8Array): void {
    const text = textOf(data);
    const found = PLAIN.exec(text);
    if (found === null) return;
    this.stream = found[1] ?? '';
    this.start = Buffer.from(text.slice(0, text.length - (found[2]?.length ?? 0) - 1));
  }
}

/** No PubAck is that long, not even one with an error text. */
const LONGEST_ACK = 1_024;

/** The stream whose PubAck the reply to a request is; undefined if it is none. */
export function streamOfPubAck(answer: ClientMessage): string | undefined {
  // The server's replies have no headers; replies of this library always have some.
  if (answer.data.length === 0 || answer.data.length > LONGEST_ACK || headersOf(answer) !== undefined) return undefined;
  const ack = parse(textOf(answer.data));
  return typeof ack?.seq === 'number' ? ack.stream : undefined;
}

const textOf = (data: Uint8Array): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();

const failed = (error: PublishError): Answer => ({ outcome: { error } });

function parse(text: string): PubAck | undefined {
  const found = PLAIN.exec(text);
  if (found !== null) return { stream: found[1] ?? '', seq: Number(found[2]) };
  try {
    return JSON.parse(text) as PubAck;
  } catch {
    return undefined;
  }
}

function refusal(error: NonNullable<PubAck['error']>, to: NatsDestinationSpec, errors: PublishErrors): PublishError {
  const text = error.description ?? 'no reason given';
  if (error.err_code === MESSAGE_TOO_LARGE) return errors.tooLarge(to, text);
  return errors.refused(to, text, mayPass(error.code ?? 0));
}

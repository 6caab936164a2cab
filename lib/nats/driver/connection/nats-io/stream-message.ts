import type { DeliveryInfo, JsMsg, PullOptions } from '@nats-io/jetstream';
import type { Msg, MsgHdrs, NatsConnection, ReviverFn } from '@nats-io/transport-node';

const ACK_MS = 5_000;

/**
 * The client's message of a stream, which a handler gets as `raw`. `@nats-io/jetstream` makes them for its own consumers
 * alone: neither the function nor the class is exported.
 */
export class NatsIoStreamMessage implements JsMsg {
  private parsed: DeliveryInfo | undefined;
  private settled = false;

  constructor(
    private readonly message: Msg,
    private readonly nc: NatsConnection,
  ) {}

  get subject(): string {
    return this.message.subject;
  }

  get sid(): number {
    return this.message.sid;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  get headers(): MsgHdrs | undefined {
    return this.message.headers;
  }

  get reply(): string {
    return this.message.reply ?? '';
  }

  get info(): DeliveryInfo {
    this.parsed ??= parsed(this.tokens);
    return this.parsed;
  }

  get redelivered(): boolean {
    return this.info.redelivered;
  }

  get seq(): number {
    return this.info.streamSequence;
  }

  get time(): Date {
    return new Date(Math.floor(this.info.timestampNanos / 1e6));
  }

  get timestamp(): string {
    return this.time.toISOString();
  }

  get timestampNanos(): bigint {
    return BigInt(this.tokens[9] ?? 0);
  }

  json<T>(reviver?: ReviverFn): T {
    return this.message.json<T>(reviver);
  }

  string(): string {
    return this.message.string();
  }

  ack(): void {
    this.settle('+ACK');
  }

  nak(delayMs?: number): void {
    this.settle(delayMs === undefined ? '-NAK' : `-NAK ${JSON.stringify({ delay: delayMs * 1e6 })}`);
  }

  term(reason?: string): void {
    this.settle(reason === undefined || reason === '' ? '+TERM' : `+TERM ${reason}`);
  }

  working(): void {
    if (!this.settled) this.message.respond('+WPI');
  }

  /** Acks, and asks for the next messages, which come to the subject. */
  next(subject: string, { batch = 1, expires, no_wait = false }: Partial<PullOptions> = {}): void {
    const wanted = { batch, no_wait, ...(expires !== undefined && { expires: expires * 1e6 }) };
    this.message.respond(`+NXT ${JSON.stringify(wanted)}`, { reply: subject });
  }

  /** Resolves when the server has read the ack; `false` where it was settled before. */
  async ackAck({ timeout = ACK_MS }: { timeout?: number } = {}): Promise<boolean> {
    if (this.settled || this.reply === '') return false;
    this.settled = true;
    await this.nc.request(this.reply, '+ACK', { timeout });
    return true;
  }

  private settle(how: string): void {
    if (this.settled) return;
    this.settled = true;
    this.message.respond(how);
  }

  /** Of the later form, which has domain and account in front of the stream. */
  private get tokens(): readonly string[] {
    const tokens = this.reply.split('.');
    return tokens.length === 9 ? [...tokens.slice(0, 2), '', '', ...tokens.slice(2)] : tokens;
  }
}

function parsed(tokens: readonly string[]): DeliveryInfo {
  const [, , domain = '', account = '', stream = '', consumer = '', ...numbers] = tokens;
  const [deliveryCount = 0, streamSequence = 0, deliverySequence = 0, timestampNanos = 0, pending = 0] =
    numbers.map(Number);
  return {
    domain: domain === '_' ? '' : domain,
    account_hash: account,
    stream,
    consumer,
    deliveryCount,
    redelivered: deliveryCount > 1,
    streamSequence,
    deliverySequence,
    timestampNanos,
    pending,
  };
}

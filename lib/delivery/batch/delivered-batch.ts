import { BatchContext, type Broker, type BrokerMessage, type Headers, type RawHeader } from '../../driver/index.js';
import { errorOf, type MultiBrokerError } from '../../errors/index.js';
import type { DeliveryContext } from '../binding.js';

type NackOptions = { readonly delayMs?: number };

/** The context of one call with several messages, each of which has an attempt, and a context, of its own. */
export class DeliveredBatch extends BatchContext implements DeliveryContext {
  readonly message: BatchMessage;
  readonly messages: readonly BrokerMessage[];
  /** The first one: what is asked of the whole batch is asked of it. */
  private readonly first: DeliveryContext;
  private readonly settled = new Set<number>();

  /** @param contexts at least one, each decoded */
  constructor(private readonly contexts: readonly DeliveryContext[]) {
    super();
    this.first = contexts[0] as DeliveryContext;
    this.messages = contexts.map(({ message }) => message);
    this.message = new BatchMessage(this.messages);
  }

  get broker(): Broker {
    return this.first.broker;
  }

  get source(): string {
    return this.first.source;
  }

  get params(): Readonly<Record<string, string>> {
    return this.first.params;
  }

  get signal(): AbortSignal {
    return this.first.signal;
  }

  get body(): Uint8Array | null {
    return this.first.body;
  }

  get emptyMayBeNull(): boolean {
    return this.first.emptyMayBeNull;
  }

  get textHeaders(): Headers {
    return this.first.textHeaders;
  }

  /** Each message is decoded on its own, before the batch is made. */
  decoded(): void {
    throw new TypeError('A batch is not decoded');
  }

  failed(thrown: unknown): void {
    for (const context of this.contexts) context.failed(thrown);
  }

  enter<T>(run: () => T): T {
    return this.first.enter(run);
  }

  keepScope(): void {
    this.first.keepScope();
  }

  ack(index?: number): void {
    this.settle(index, (context) => context.ack());
  }

  nack(options?: NackOptions): void;
  nack(index: number | undefined, options?: NackOptions): void;
  nack(first?: number | NackOptions, second?: NackOptions): void {
    const [index, options] = typeof first === 'object' ? [undefined, first] : [first, second];
    this.settle(index, (context) => context.nack(options));
  }

  reject(reason?: string): void;
  reject(index: number | undefined, reason?: string): void;
  reject(first?: number | string, second?: string): void {
    const [index, reason] = indexAndReason(first, second);
    this.settle(index, (context) => context.reject(reason));
  }

  deadLetter(reason?: string): void;
  deadLetter(index: number | undefined, reason?: string): void;
  deadLetter(first?: number | string, second?: string): void {
    const [index, reason] = indexAndReason(first, second);
    this.settle(index, (context) => context.deadLetter(reason));
  }

  private settle(index: number | undefined, how: (context: DeliveryContext) => void): void {
    if (index === undefined) {
      for (const place of this.contexts.keys()) if (!this.settled.has(place)) this.settleOne(place, how);
    } else this.settleOne(index, how);
  }

  private settleOne(index: number, how: (context: DeliveryContext) => void): void {
    const context = this.contexts[index];
    if (context === undefined) throw outside(index, this.contexts.length);
    how(context);
    this.settled.add(index);
  }
}

function indexAndReason(
  first: number | string | undefined,
  second: string | undefined,
): [index: number | undefined, reason: string | undefined] {
  return typeof first === 'string' ? [undefined, first] : [first, second];
}

function outside(index: unknown, size: number): MultiBrokerError {
  return errorOf('MULTI_BROKER_SETTLEMENT.outsideBatch', { size, index: String(index) });
}

/** Stands for all messages of a batch: their payloads as an array, everything else that of the first one. */
class BatchMessage implements BrokerMessage<readonly unknown[]> {
  readonly payload: readonly unknown[];
  private readonly first: BrokerMessage;

  constructor(messages: readonly BrokerMessage[]) {
    this.first = messages[0] as BrokerMessage;
    this.payload = messages.map(({ payload }) => payload);
  }

  get headers(): Headers {
    return this.first.headers;
  }

  get rawHeaders(): readonly RawHeader[] {
    return this.first.rawHeaders;
  }

  get key(): string | undefined {
    return this.first.key;
  }

  get rawKey(): Buffer | undefined {
    return this.first.rawKey;
  }

  get raw(): unknown {
    return this.first.raw;
  }

  get id(): string {
    return this.first.id;
  }

  get correlationId(): string {
    return this.first.correlationId;
  }

  get timestamp(): number {
    return this.first.timestamp;
  }

  get attempt(): number {
    return this.first.attempt;
  }

  get replyTo(): string | undefined {
    return this.first.replyTo;
  }

  /** Without the client's own object, as that of a single message. */
  toJSON(): Omit<BrokerMessage, 'raw' | 'rawKey' | 'rawHeaders'> {
    const { payload, headers, key, id, correlationId, timestamp, attempt, replyTo } = this;
    return { payload, headers, key, id, correlationId, timestamp, attempt, replyTo };
  }
}

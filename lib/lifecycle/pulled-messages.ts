import { type Delivery, MessageContext, type MessagesOptions } from '../driver/index.js';
import { asError, errorOf, type OptionNames, textOf, unknownOptions } from '../errors/index.js';
import type { ActiveSource, Puller } from './active-source.js';

/** The subscription behind a loop over messages. */
export interface PulledSource {
  /** Whether the server redelivers what is handed back. */
  readonly keeps: boolean;
  /** Subscribes a handler; `begun` is called before anything is read. Rejects with the signal's reason. */
  begin(
    handler: (context: MessageContext) => Promise<void>,
    begun: (active: ActiveSource) => void,
    signal: AbortSignal,
  ): Promise<unknown>;
  stop(active: ActiveSource): Promise<void>;
}

type Result<T> = IteratorResult<Delivery<T>, undefined>;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One loop over messages: a subscription with one call at a time, whose handler gives its message to whoever asked and
 * ends when the next one is asked for. A message that nobody asks for is so the driver's back-pressure.
 */
export class PulledMessages<T> implements AsyncIterator<Delivery<T>, undefined>, Puller {
  private readonly cut = new AbortController();
  /** Calls of `next()` follow one another. */
  private turn: Promise<unknown> = Promise.resolve();
  private asking: ((result: Result<T>) => void) | undefined;
  private current: PulledDelivery<T> | undefined;
  private active: ActiveSource | undefined;
  private beginning: Promise<unknown> | undefined;
  private leaving: Promise<void> | undefined;
  private ended = false;

  constructor(
    private readonly source: PulledSource,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Acks the current message, unless it is settled, and resolves with the next one. */
  next(): Promise<Result<T>> {
    const result = this.turn.then(() => this.pull());
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** The loop is left: what is not settled goes back. Resolves when the source is left. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.end();
    const left = this.leave();
    this.current?.handBack(this.source.keeps);
    await left;
    return DONE;
  }

  /** Gives no further message. The current one stays until the next is asked for, or the loop is left. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.signal?.removeEventListener('abort', this.aborted);
    this.asking?.(DONE);
    this.asking = undefined;
  }

  private async pull(): Promise<Result<T>> {
    if (this.signal?.aborted === true) this.end();
    if (this.ended) {
      this.current?.over();
      await this.leave();
      return DONE;
    }
    const asked = new Promise<Result<T>>((resolve) => (this.asking = resolve));
    this.beginning ??= this.begin();
    // Only now: the next call of the handler follows.
    this.current?.over();
    return Promise.race([this.beginning.then(() => asked), asked]);
  }

  private async begin(): Promise<void> {
    this.signal?.addEventListener('abort', this.aborted, { once: true });
    const begun = (active: ActiveSource): void => {
      this.active = active;
      active.puller = this;
    };
    try {
      await this.source.begin((context) => this.take(context), begun, this.cut.signal);
    } catch (thrown) {
      // A stop, an abort or a `break` is no failure of the loop.
      if (this.ended) return;
      this.asking = undefined;
      this.end();
      throw asError(thrown);
    }
  }

  /** The handler: it ends when the loop is done with its message. */
  private async take(context: MessageContext): Promise<void> {
    const delivery = new PulledDelivery<T>(context);
    if (this.ended || this.asking === undefined) delivery.handBack(this.source.keeps);
    else {
      this.current = delivery;
      this.asking({ done: false, value: delivery });
      this.asking = undefined;
    }
    await delivery.done;
    if (this.current === delivery) this.current = undefined;
  }

  private readonly aborted = (): void => {
    this.end();
    if (this.current === undefined) void this.leave();
  };

  private leave(): Promise<void> {
    this.cut.abort(errorOf('MULTI_BROKER_STOPPED.loopLeft', {}));
    this.leaving ??= this.active === undefined ? Promise.resolve() : this.source.stop(this.active);
    return this.leaving;
  }
}

/** A message in the hands of the loop; its handler runs until it is over. */
class PulledDelivery<T> extends MessageContext<T> implements Delivery<T> {
  /** Resolves when the loop is done with it; its handler then acks it, unless it is settled. */
  readonly done: Promise<void>;
  private isSettled = false;
  private resolve: () => void = () => undefined;

  constructor(private readonly context: MessageContext) {
    super();
    this.done = new Promise((resolve) => (this.resolve = resolve));
  }

  get payload(): T {
    return this.message.payload;
  }

  get message(): MessageContext<T>['message'] {
    return this.context.message as MessageContext<T>['message'];
  }

  get broker(): MessageContext['broker'] {
    return this.context.broker;
  }

  get source(): string {
    return this.context.source;
  }

  get params(): Readonly<Record<string, string>> {
    return this.context.params;
  }

  get signal(): AbortSignal {
    return this.context.signal;
  }

  ack(): void {
    this.context.ack();
    this.isSettled = true;
  }

  nack(options?: { readonly delayMs?: number }): void {
    this.context.nack(options);
    this.isSettled = true;
  }

  reject(reason?: string): void {
    this.context.reject(reason);
    this.isSettled = true;
  }

  deadLetter(reason?: string): void {
    this.context.deadLetter(reason);
    this.isSettled = true;
  }

  over(): void {
    this.resolve();
  }

  /** Where the server keeps nothing, a nack would count as a rejection, and nothing would come again. */
  handBack(keeps: boolean): void {
    if (keeps && !this.isSettled) this.nack({ delayMs: 0 });
    this.resolve();
  }
}

const NAMES: OptionNames<MessagesOptions> = {
  ack: true,
  codec: true,
  deadLetter: true,
  filter: true,
  maxProcessingMs: true,
  schema: true,
  signal: true,
  unmatched: true,
};

/** @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID @param ofSource options that belong to the source */
export function checkMessagesOptions(options: MessagesOptions, ofSource: readonly string[], broker: string): void {
  const names = { ...NAMES, ...Object.fromEntries(ofSource.map((name) => [name, true] as const)) };
  const problems = unknownOptions(options, names);
  const { ack } = options as { readonly ack?: unknown };
  if (ack !== undefined && ack !== 'nack-on-error' && ack !== 'reject-on-error') {
    problems.push(textOf('MULTI_BROKER_OPTION_INVALID.messagesAck', {}));
  }
  if (problems.length === 0) return;
  throw errorOf('MULTI_BROKER_OPTION_INVALID.messages', { problems: problems.join('; ') }, { broker });
}

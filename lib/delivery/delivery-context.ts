import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import {
  type Broker,
  type BrokerMessage,
  type Headers,
  type Incoming,
  MessageContext,
  type RawHeader,
  rawHeadersOf,
} from '../driver/index.js';
import { errorOf, requireDuration } from '../errors/index.js';
import type { Binding, DeliveryContext } from './binding.js';
import type { Cancellation } from './cancellation.js';
import { isCallTraced } from './diagnostics.js';
import { enterHandled, FOLLOWERS, followHandled, type HandledAttempt } from './handled-message.js';
import { correlationIdOf } from './headers.js';
import type { DeliveryObservers } from './observe.js';

/** The delivery of an attempt. */
export interface AttemptOwner {
  readonly broker: Broker;
  readonly application: object;
  readonly observers: DeliveryObservers;
  readonly binding: Binding;
  readonly incoming: Incoming;
  readonly cancellation: Cancellation;
  /** The handler settles its message. False: it is settled already, or that attempt is over. */
  settledManually(how: WantedSettlement, by: AttemptContext): boolean;
}

/** A settlement by the handler. */
export type WantedSettlement =
  | 'ack'
  | { readonly nackInMs: number | undefined }
  | { readonly reject: string | undefined }
  | { readonly park: string | undefined };

/**
 * Whether a store that is entered within an AsyncResource stays in it, as on Node 20 and 22. Since Node 24
 * (AsyncContextFrame) a resource keeps the stores of its creation, and later ones are gone when its function returns.
 */
const SCOPE_KEEPS = scopeKeeps();

function scopeKeeps(): boolean {
  const storage = new AsyncLocalStorage<boolean>();
  const resource = new AsyncResource('nestjs-multi-broker');
  resource.runInAsyncScope(() => storage.enterWith(true));
  const kept = resource.runInAsyncScope(() => storage.getStore() === true);
  storage.disable();
  return kept;
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/** The context of one attempt: one that an earlier attempt has kept settles nothing of a later one. */
export class AttemptContext extends MessageContext implements HandledAttempt {
  readonly message: DeliveredMessage;
  /**
   * The async scope of guards, handler and its later parts: what they enter by `AsyncLocalStorage.enterWith()` ends
   * with the attempt; otherwise the next message of the lane would run in it.
   */
  private scope: AsyncResource | undefined;
  private controller: AbortController | undefined;
  /** `failed`: the handler has failed and a filter runs. `filtered`: the filter has settled the message. */
  private stage: 'called' | 'failed' | 'filtered' = 'called';
  /** @internal The handler's error, once a filter has it. */
  failure: unknown;
  /** @internal */
  observed: unknown;

  constructor(
    private readonly owner: AttemptOwner,
    attempt: number,
    earlier?: DeliveredMessage,
  ) {
    super();
    this.message = new DeliveredMessage(owner.incoming, attempt, earlier);
    // Where calls are traced it begins with the call, within the stores that listeners have bound.
    if (!isCallTraced(owner)) this.scope = new AsyncResource('nestjs-multi-broker');
  }

  get broker(): Broker {
    if (FOLLOWERS.count === 0) this.mayPublish();
    return this.owner.broker;
  }

  get source(): string {
    return this.owner.incoming.address;
  }

  get params(): Readonly<Record<string, string>> {
    return this.owner.incoming.params ?? NO_PARAMS;
  }

  get body(): Uint8Array | null {
    return this.owner.incoming.body;
  }

  get text(): string | undefined {
    return this.owner.incoming.text;
  }

  get emptyMayBeNull(): boolean {
    return this.owner.incoming.emptyMayBeNull === true;
  }

  get textHeaders(): Headers {
    return this.message.textHeaders;
  }

  /** Made on demand: a controller for each message would cost more than the rest of the context. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      const { cancellation } = this.owner;
      if (cancellation.reason === undefined) cancellation.watch(this.controller);
      else this.controller.abort(cancellation.reason);
    }
    return this.controller.signal;
  }

  enter<T>(run: () => T): T {
    return (this.scope ?? this.keepScope()).runInAsyncScope(run);
  }

  /** @internal Calls the handler; what it enters is seen by its later parts. */
  enterAndKeep<T>(handle: (context: DeliveryContext) => T): T {
    const scope = this.scope ?? this.keepScope();
    const isFollowed = FOLLOWERS.count > 0;
    if (SCOPE_KEEPS && !isFollowed) return scope.runInAsyncScope(handle, undefined, this);
    return scope.runInAsyncScope(isFollowed ? followed : kept, undefined, this, handle) as T;
  }

  keepScope(): AsyncResource {
    return (this.scope = new AsyncResource('nestjs-multi-broker'));
  }

  /** @internal A filter has settled the message. */
  get settledByFilter(): boolean {
    return this.stage === 'filtered';
  }

  failed(thrown: unknown): void {
    this.failure = thrown;
    if (this.stage === 'called') this.stage = 'failed';
  }

  decoded(payload: unknown): void {
    this.message.payload = payload;
  }

  ack(): void {
    this.settle('ack');
  }

  nack({ delayMs }: { readonly delayMs?: number } = {}): void {
    if (delayMs !== undefined) {
      const { broker, binding } = this.owner;
      const { handler } = binding;
      requireDuration(delayMs, 'context.nack(): delayMs', 'forNack', { broker: broker.name, handler });
    }
    this.settle({ nackInMs: delayMs });
  }

  reject(reason?: string): void {
    this.settle({ reject: reason });
  }

  deadLetter(reason?: string): void {
    this.settle({ park: reason });
  }

  /** The handler has asked for its broker, and may publish by it at once. */
  private mayPublish(): void {
    followHandled(this.owner.application);
    enterHandled(this);
  }

  private settle(how: WantedSettlement): void {
    if (this.owner.settledManually(how, this)) {
      if (this.stage === 'failed') this.stage = 'filtered';
      return;
    }
    const { handler } = this.owner.binding;
    throw errorOf('MULTI_BROKER_SETTLEMENT.twice', { handler });
  }
}

type Handle = (context: DeliveryContext) => unknown;

function followed(context: AttemptContext, handle: Handle): unknown {
  enterHandled(context);
  return SCOPE_KEEPS ? handle(context) : kept(context, handle);
}

function kept(context: AttemptContext, handle: Handle): unknown {
  const result = handle(context);
  // Only a promise, an Observable or a sequence has a later part that could see it.
  if (typeof result === 'object' && result !== null) context.keepScope();
  return result;
}

/** A message as one attempt sees it. Headers and ids are made on demand: most handlers read the payload alone. */
export class DeliveredMessage implements BrokerMessage {
  payload: unknown = undefined;
  private known: Headers | undefined;
  private position: string | undefined;

  constructor(
    /** @internal */
    readonly incoming: Incoming,
    /** Counted anew by the handler that takes the message: each has retries of its own. */
    public attempt: number,
    private readonly earlier?: DeliveredMessage,
  ) {}

  /** Frozen on demand, which costs more than building them: a retry sees the headers of the first call. */
  get headers(): Headers {
    return Object.freeze(this.textHeaders);
  }

  /** @internal The same, made once and not frozen: for readers that do not hand them out. */
  get textHeaders(): Headers {
    return (this.known ??= this.earlier?.textHeaders ?? this.incoming.headers());
  }

  /** Built for each caller, who may write into its bytes. */
  get rawHeaders(): readonly RawHeader[] {
    return rawHeadersOf(this.incoming);
  }

  get key(): string | undefined {
    return this.incoming.key;
  }

  get rawKey(): Buffer | undefined {
    const { rawKey, key } = this.incoming;
    if (rawKey === undefined) return key === undefined ? undefined : Buffer.from(key);
    return Buffer.isBuffer(rawKey) ? rawKey : Buffer.from(rawKey);
  }

  get raw(): unknown {
    return this.incoming.raw;
  }

  /** Made once: joined text is copied each time that it is looked through, and two headers begin with it. */
  get id(): string {
    return (this.position ??= this.incoming.position);
  }

  get correlationId(): string {
    return correlationIdOf(this.textHeaders) ?? this.id;
  }

  get timestamp(): number {
    return this.incoming.timestamp;
  }

  get replyTo(): string | undefined {
    return this.incoming.replyTo;
  }

  /** For logs and HTTP responses: the client's own message holds sockets, and circles. */
  toJSON(): Omit<BrokerMessage, 'raw' | 'rawKey' | 'rawHeaders'> {
    const { payload, headers, key, id, correlationId, timestamp, attempt, replyTo } = this;
    return { payload, headers, key, id, correlationId, timestamp, attempt, replyTo };
  }
}

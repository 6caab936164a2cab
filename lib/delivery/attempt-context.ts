import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { type Broker, type Headers, type Incoming, MessageContext } from '../driver/index.js';
import { MultiBrokerError, requireDuration } from '../errors/index.js';
import type { DeliveryContext } from './binding.js';
import { DeliveredMessage } from './delivered-message.js';
import { enterHandled, followHandled, isHandledFollowed } from './handled-message.js';

/** What an attempt tells its delivery. */
export interface AttemptOwner {
  readonly broker: Broker;
  readonly handler: string;
  readonly incoming: Incoming;
  /** The error that `signal` aborts with, once the attempt is cut off. */
  readonly cutOff: Error | undefined;
  /** The user settles. False: it was settled before, or that attempt is over. */
  settledByHand(how: HandSettlement, by: AttemptContext): boolean;
  /** A signal was asked for. */
  watched(controller: AbortController): void;
}

/** How the user settled. */
export type HandSettlement =
  'ack' | { readonly nackInMs: number | undefined } | { readonly reject: string | undefined };

/**
 * Whether what is entered within a resource stays in it, as on Node 20 and 22. Since Node 24 (AsyncContextFrame) a
 * resource has what was there when it was made, and what is entered later is gone when its function returns.
 */
const SCOPE_KEEPS = scopeKeeps();

function scopeKeeps(): boolean {
  const storage = new AsyncLocalStorage<boolean>();
  const resource = new AsyncResource('nestjs-multi-broker');
  resource.runInAsyncScope(() => {
    storage.enterWith(true);
  });
  const kept = resource.runInAsyncScope(() => storage.getStore() === true);
  storage.disable();
  return kept;
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/** The context of one attempt: what an earlier attempt kept of its own cannot settle a later one's work twice. */
export class AttemptContext extends MessageContext implements DeliveryContext {
  readonly message: DeliveredMessage;
  /**
   * In which guards, handler and what it gives run: what one of them enters by `AsyncLocalStorage.enterWith()` ends
   * with the attempt, where the next message of the lane would go on with it.
   */
  private scope = new AsyncResource('nestjs-multi-broker');
  private controller: AbortController | undefined;
  /** Its handler has failed, so that a filter is at work; and that has settled it by hand. */
  private stage: 'called' | 'failed' | 'filtered' = 'called';
  /** @internal What its handler threw, once a filter has it. */
  failure: unknown;

  constructor(
    private readonly owner: AttemptOwner,
    attempt: number,
    earlier?: DeliveredMessage,
  ) {
    super();
    this.message = new DeliveredMessage(owner.incoming, attempt, earlier);
  }

  get broker(): Broker {
    if (!isHandledFollowed()) this.mayPublish();
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

  get emptyMayBeNull(): boolean {
    return this.owner.incoming.emptyMayBeNull === true;
  }

  get textHeaders(): Headers {
    return this.message.textHeaders;
  }

  /** Made when asked for: a controller for each message would cost more than the rest of the context. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.owner.cutOff === undefined) this.owner.watched(this.controller);
      else this.controller.abort(this.owner.cutOff);
    }
    return this.controller.signal;
  }

  enter<T>(run: () => T): T {
    return this.scope.runInAsyncScope(run);
  }

  /** @internal As {@link enter}; what `run` enters is seen by the later parts. */
  enterAndKeep<T>(run: () => T): T {
    if (SCOPE_KEEPS && !isHandledFollowed()) return this.scope.runInAsyncScope(run);
    return this.scope.runInAsyncScope(() => {
      if (isHandledFollowed()) enterHandled(this);
      const result = run();
      if (SCOPE_KEEPS) return result;
      // Only a promise, an Observable or a sequence has a later part that could see it.
      if (typeof result === 'object' && result !== null) this.keepScope();
      return result;
    });
  }

  keepScope(): void {
    this.scope = new AsyncResource('nestjs-multi-broker');
  }

  /** @internal Settled by hand once its handler had failed. */
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
      const { broker, handler } = this.owner;
      const remedy = 'leave it out for a second, or give 0 to have the message again at once';
      requireDuration(delayMs, 'context.nack(): delayMs', remedy, { broker: broker.name, handler });
    }
    this.settle({ nackInMs: delayMs });
  }

  reject(reason?: string): void {
    this.settle({ reject: reason });
  }

  /** It is asked for in the handler, which may publish by it at once. */
  private mayPublish(): void {
    followHandled();
    enterHandled(this);
  }

  private settle(how: HandSettlement): void {
    if (this.owner.settledByHand(how, this)) {
      if (this.stage === 'failed') this.stage = 'filtered';
      return;
    }
    const what = `A delivery of ${this.owner.handler} is settled already`;
    throw new MultiBrokerError('MULTI_BROKER_SETTLEMENT', what, { handler: this.owner.handler });
  }
}

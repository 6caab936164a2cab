import type { Codec, ReplyFormat } from '../codec/index.js';
import type {
  AckPolicy,
  Destination,
  FieldOf,
  Forward,
  Headers,
  MessageContext,
  OutgoingMessage,
  RetryOptions,
  SourceSpec,
} from '../driver/index.js';

export type { FieldOf, Forward } from '../driver/index.js';

/**
 * One `@Subscribe` of one method on one broker, or one `broker.subscribe()`: what delivery needs to know of a handler.
 * Handlers make it; delivery calls `handle`.
 */
export interface Binding {
  /** `Class.method` or the name of a function; what errors, logs and health call it. */
  readonly handler: string;
  /** Name of the source's broker. */
  readonly broker: string;
  readonly source: SourceSpec;
  /** Defaults of the broker already merged in. */
  readonly ack: AckPolicy;
  readonly retry: Required<Omit<RetryOptions, 'retryIf'>> & Pick<RetryOptions, 'retryIf'>;
  readonly maxProcessingMs?: number | undefined;
  /** Of what asks for an answer where nothing is brought back (core NATS): how many at once, and calls in all of each. */
  readonly requests?: { readonly concurrency: number; readonly attempts: number } | undefined;
  /** Whether requests are answered also with nothing, or never; undefined: with what the handler returns. */
  readonly reply?: boolean | undefined;
  /** How its answers are written, where not as this library does. */
  readonly replies?: ReplyFormat | undefined;
  /** Publishers in the order in which they run: closest to the method first. */
  readonly routes: readonly Route[];
  /**
   * Decodes, validates and calls the handler through Nest; gives what it returned, or a promise of it. Called once for
   * each attempt; may throw or reject. An error with `retryable: false` cannot succeed by a further attempt.
   */
  handle(context: DeliveryContext): unknown;
  /**
   * What was returned, as items to publish; called with the value itself, never with a promise. Apart from `handle`,
   * as a further promise for each message is not cheap. Without it, what `handle` gives is items already.
   */
  readonly items?: ((returned: unknown) => HandlerResult | Promise<HandlerResult>) | undefined;
  /** False: the message is acked without a call. It may decode; it may throw, which is a failure of the attempt. */
  readonly filter?: ((context: DeliveryContext) => boolean | PromiseLike<boolean>) | undefined;
}

/**
 * What a handler returned, as items to publish: nothing; one or several; or a sequence, published as it comes.
 * `undefined` publishes nothing. A payload of `null` is a message without a value.
 */
export type HandlerResult = undefined | ResultItem | readonly ResultItem[] | AsyncIterable<ResultItem>;

/** One item of a result. A plain payload is wrapped by handlers, so that delivery never guesses. */
export type ResultItem = OutgoingMessage;

/** One `@PublishTo` of a method. */
export interface Route {
  /** Name of the target broker. */
  readonly broker: string;
  readonly destination: string | Destination;
  /** Message key, or how to make it; an item's own key wins. */
  readonly key?: FieldOf<string | Uint8Array> | undefined;
  /** Headers, or how to make them; an item's own win, name by name. */
  readonly headers?: FieldOf<Headers> | undefined;
  /** What of the source message crosses beside body, correlation id, trace context and content type. */
  readonly forward?: Forward | undefined;
  readonly codec?: Codec | undefined;
  /** Tried once, and not waited for. */
  readonly bestEffort?: boolean | undefined;
}

/** The context as handlers see it: the message is undecoded until its payload is set. */
export interface DeliveryContext extends MessageContext {
  /** The body as it came; `null` for a message without a value. */
  readonly body: Uint8Array | null;
  /** It has 0 bytes, and the system does not tell that from a message without a value. */
  readonly emptyMayBeNull: boolean;
  /** As `message.headers`, and not frozen: for who reads them and lets nobody have them. */
  readonly textHeaders: Headers;
  /** Sets `message.payload`. Called by handlers, once an attempt, before the method is called. */
  decoded(payload: unknown): void;
  /** The handler's error is a filter's from now on: what settles the message by hand has dealt with it. */
  failed(thrown: unknown): void;
  /** Runs what belongs to the attempt and comes after its call, in its async scope. */
  enter<T>(run: () => T): T;
  /** What the handler gives runs in the async scope of this call: for a handler that is called behind a promise. */
  keepScope(): void;
}

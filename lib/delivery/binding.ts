import type { Codec, ReplyFormat } from '../codec/index.js';
import type {
  AckPolicy,
  Destination,
  DestinationSpec,
  ValueOrFunction,
  ForwardOptions,
  Headers,
  Incoming,
  MessageContext,
  OutgoingMessage,
  PayloadShape,
  RawHeaderToWrite,
  RetryOptions,
  SourceSpec,
} from '../driver/index.js';

export type { ValueOrFunction, ForwardOptions } from '../driver/index.js';

/**
 * One `@Subscribe` of one method on one broker, or one `broker.subscribe()`: a handler as delivery
 * sees it. Made by lib/handlers; delivery calls `handle`.
 */
export interface Binding {
  /** `Class.method` or the name of a function; what errors, logs and health call it. */
  readonly handler: string;
  /** The decorated method, since class names are not unique; undefined for a function. */
  readonly method?: { readonly type: unknown; readonly name: string } | undefined;
  /** Name of the source's broker. */
  readonly broker: string;
  readonly source: SourceSpec;
  /** See `BrokerDefinition.serverHeaders`. */
  readonly serverHeaders?: string | undefined;
  /** Defaults of the broker already merged in. */
  readonly ack: AckPolicy;
  readonly retry: Required<Omit<RetryOptions, 'retryIf'>> & Pick<RetryOptions, 'retryIf'>;
  readonly maxProcessingMs?: number | undefined;
  /** For core NATS requests: how many are handled at once, and the number of calls of each. */
  readonly requests?: { readonly concurrency: number; readonly attempts: number } | undefined;
  /** Calls of one lane that run side by side; undefined: one after another. */
  readonly sideBySide?: SideBySide | undefined;
  /** Several messages in one call; undefined: one in each. */
  readonly batch?: BatchBinding | undefined;
  /** True: every request is answered, also with an empty reply; false: none; undefined: with the handler's result. */
  readonly reply?: boolean | undefined;
  /** The format of replies, where it is not this library's own. */
  readonly replies?: ReplyFormat | undefined;
  /** Publishers in the order in which they run: closest to the method first. */
  readonly routes: readonly Route[];
  /** Where messages go that are given up. */
  readonly deadLetter?: DeadLetterTarget | undefined;
  /** Its messages are dead letters that are redriven: what it gives up stays one, also by `context.deadLetter()`. */
  readonly redrives?: boolean | undefined;
  /**
   * Set where a route has `admit`, so that other results are not asked. `whole`: a sequence is read to its end before
   * its first item is published, since a schema may refuse its last one.
   */
  readonly admits?: 'each' | 'whole' | undefined;
  /** Brokers that it needs besides its source's: reading begins when all of them are connected. */
  readonly targets: readonly string[];
  /**
   * Decodes, validates and calls the handler through Nest; gives what it returned, or a promise of it. Called once for
   * each attempt; may throw or reject. An error with `retryable: false` cannot succeed by a further attempt.
   */
  readonly handle: (context: DeliveryContext) => unknown;
  /**
   * The returned value as items to publish; called with the value itself, never with a promise. Apart from `handle`, as
   * a further promise for each message costs time. Without it `handle` returns items. A plain object is one item, with
   * itself as the payload, for which it need not be called.
   */
  readonly items?: ((returned: unknown) => HandlerResult | Promise<HandlerResult>) | undefined;
  /** False: the message is acked without a call. It may decode; it may throw, which is a failure of the attempt. */
  readonly filter?: ((context: DeliveryContext) => boolean | PromiseLike<boolean>) | undefined;
  /** What becomes of a message that the filter does not want: rejected, or else acked. */
  readonly unmatched?: 'reject' | undefined;
  /**
   * The handlers of a source that several share, in the order in which they are asked. The binding then stands for all
   * of them: it is subscribed once, and its `handle` is never called.
   */
  readonly takers?: readonly Taker[] | undefined;
  /** What documents tell of its messages; not asked for otherwise. */
  readonly shape?: (() => BindingShape) | undefined;
}

/** What documents tell of the messages of a handler. */
export interface BindingShape {
  readonly payload: PayloadShape;
  /** Of the results, by publisher. */
  readonly results: readonly { readonly payload: PayloadShape; readonly conditional: boolean }[];
  readonly filtered: boolean;
  /** Undefined: what is declared says nothing, as `void` and a promise. */
  readonly returns: PayloadShape | undefined;
}

/** One of several handlers of a source. */
export interface Taker {
  /** Without a filter: it is called once it has taken the message. */
  readonly binding: Binding;
  /** Whether it takes the message. It may decode; it may throw, which is a failure of its attempt. */
  readonly wants: (context: DeliveryContext) => boolean | PromiseLike<boolean>;
}

/** The bindings of single handlers: of all that share the source, or of the only one. */
export function handlersOf(binding: Binding): readonly Binding[] {
  return binding.takers?.map((taker) => taker.binding) ?? [binding];
}

/** The most messages of one call; undefined: no handler of the binding has several in one. */
export function largestBatch(binding: Binding): number | undefined {
  const sizes = handlersOf(binding).flatMap(({ batch }) => batch?.maxSize ?? []);
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

/** How many handlers of a binding run at once, and in what order. */
export interface SideBySide {
  readonly perLane: number;
  /** The most of them over all lanes of this process. */
  readonly total?: number | undefined;
  /** What keeps the order among messages; undefined: this one has none. Does not throw. */
  readonly keyOf: (message: Incoming) => string | undefined;
}

/** How a binding takes several messages in one call. Its `handle` calls with one message, and gives items. */
export interface BatchBinding {
  readonly maxSize: number;
  /** How long the first message waits for others. */
  readonly maxWaitMs: number;
  /** Of all bodies together; a larger message is a batch of its own. */
  readonly maxBytes?: number | undefined;
  /** Decodes and validates one message, and sets its payload. May throw or reject: that message alone has failed. */
  readonly prepare: (context: DeliveryContext) => void | PromiseLike<void>;
  /** Calls the handler for messages that are prepared. An error that it rejects with fails all of them. */
  readonly handle: (contexts: readonly DeliveryContext[]) => Promise<BatchResult>;
}

/** The result of a call with several messages. */
export type BatchResult = ResultOfEach | ResultOfAll;

/** One result for each message. */
interface ResultOfEach {
  readonly ofEach: readonly HandlerResult[];
  /** Messages that have failed, by their place. */
  readonly failures?: ReadonlyMap<number, unknown> | undefined;
  readonly ofAll?: undefined;
}

/** Items that belong to all messages together. */
interface ResultOfAll {
  readonly ofAll: readonly ResultItem[];
}

/**
 * The result of a handler as items to publish: none, one, several, or a sequence that is published as it comes.
 * `undefined` publishes nothing. A payload of `null` is a message without a value.
 */
export type HandlerResult = undefined | ResultItem | readonly ResultItem[] | AsyncIterable<ResultItem>;

/** One item of a result. A plain payload is wrapped by handlers, so that delivery never guesses. */
export interface ResultItem extends OutgoingMessage {
  /** It belongs to all messages of a batch: the params of a single one fill no path of it. */
  readonly ofBatch?: true | undefined;
}

/** One `@PublishTo` of a method. */
export interface Route {
  /** Name of the target broker. */
  readonly broker: string;
  readonly destination: string | Destination;
  /** Message key, or how to make it; an item's own key wins. */
  readonly key?: ValueOrFunction<string | Uint8Array> | undefined;
  /** Headers, or how to make them; an item's own win, name by name. */
  readonly headers?: ValueOrFunction<Headers> | undefined;
  /** Parts of the source message that cross beside body, correlation id, trace context and content type. */
  readonly forward?: ForwardOptions | undefined;
  readonly codec?: Codec | undefined;
  /** Tried once, and not awaited. */
  readonly bestEffort?: boolean | undefined;
  /** The id by which the destination drops a repeated message, or how to make it; undefined: delivery's own. */
  readonly dedupeId?: ValueOrFunction<string> | undefined;
  /**
   * From `when` and `schema`: the payload to publish in place of the result's, or `NOT_PUBLISHED`, or a promise of
   * either. Throws for a result that is refused.
   */
  readonly admit?: ((result: unknown, context: DeliveryContext) => unknown) | undefined;
}

/** How the address of a message tells where its letter goes. */
export interface LetterOfEach {
  /** The address in the example, which stands for `{source}`. */
  readonly example: string;
  /** Where a message of this address is parked. */
  destination(address: string): string | Destination;
  /** Whether the handler would read its letter. */
  isLoop(to: DestinationSpec): boolean;
}

/** Where a binding parks messages. */
export interface DeadLetterTarget {
  /** Name of the broker, which need not be the source's. */
  readonly broker: string;
  /** With {@link ofEach} that of an example, for checks and logs. */
  readonly destination: string | Destination;
  /** Where each message has a destination of its own, by its topic or subject. */
  readonly ofEach?: LetterOfEach | undefined;
  /** Further headers of the letter. */
  readonly headers?: ((error: Error, context: MessageContext) => Headers | readonly RawHeaderToWrite[]) | undefined;
}

/** The context as handlers see it: the message is undecoded until its payload is set. */
export interface DeliveryContext extends MessageContext {
  /** The body as it came; `null` for a message without a value. */
  readonly body: Uint8Array | null;
  /** The body as text, where the driver has it without a copy of the bytes. */
  readonly text?: string | undefined;
  /** The body has 0 bytes, which the system cannot tell from a message without a value. */
  readonly emptyMayBeNull: boolean;
  /** `message.headers`, not frozen: for readers that do not hand them out. */
  readonly textHeaders: Headers;
  /** Sets `message.payload`. Called by handlers, once an attempt, before the method is called. */
  decoded(payload: unknown): void;
  /** The handler has failed and a filter runs: from now on a settlement is the filter's. */
  failed(thrown: unknown): void;
  /** Runs a later part of the attempt in its async scope. */
  enter<T>(run: () => T): T;
  /** Later parts of the handler run in the async scope of this call: for a handler that is called behind a promise. */
  keepScope(): void;
}

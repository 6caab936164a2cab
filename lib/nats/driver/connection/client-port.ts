import type { NatsClientOptions } from '../../client-options.js';
import type { ClientHeaders } from './client-headers.js';
import type { JetStreamManager, JetStreamOptions } from './jetstream-port.js';

export type { ClientHeaders } from './client-headers.js';

/** A message as the client hands it over: its own object. Parts are parsed on access. */
export interface ClientMessage {
  readonly subject: string;
  /** '' or undefined without one. */
  readonly reply?: string;
  readonly data: Uint8Array;
  /** Undefined without headers; may throw on those that the client cannot parse. */
  readonly headers?: ClientHeaders;
}

/** A subscription. The client restores it after a reconnect, until the server refuses it or it is ended here. */
export interface ClientSubscription {
  /** Unsubscribes; resolves once everything that the server had sent before was handed over. */
  drain(): Promise<void>;
  unsubscribe(): void;
  isClosed(): boolean;
}

/** Options of a subscription. The callback gets an error once the server has refused the subscription, and nothing after. */
export interface ClientSubscriptionOptions {
  readonly queue?: string;
  readonly callback: (error: Error | null, message: ClientMessage) => void;
}

/** One connection of a client, over all its reconnects: the client's own object, which the user gets as `native()`. */
export interface ClientConnection {
  /** Of the server of now; undefined without a connection. */
  readonly info?: { readonly max_payload: number; readonly headers?: boolean; readonly version?: string };
  /** Throws where the message is too large, or the connection is closed. `headers` is what `encodedHeaders` makes. */
  publish(subject: string, payload?: Uint8Array | string, options?: { reply?: string; headers?: unknown }): void;
  subscribe(subject: string, options: ClientSubscriptionOptions): ClientSubscription;
  /** `noMux`: by an inbox of its own instead of the shared one. */
  request(
    subject: string,
    payload?: Uint8Array | string,
    options?: { timeout: number; noMux?: boolean },
  ): Promise<ClientMessage>;
  /** Resolves at the PONG to a PING that is written now; says nothing of what was written on an earlier connection. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Resolves at the end for good, with its cause. */
  closed(): Promise<void | Error>;
  isClosed(): boolean;
  /** `host:port`; '' without a connection. */
  getServer(): string;
}

/** A permissions violation that the server reported; `subject` is the one written. */
export interface Refusal {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/** Changes of a connection. */
export interface ClientEvents {
  disconnected(): void;
  reconnected(): void;
  refused(refusal: Refusal): void;
  /** Any other error of the server, in its own words. */
  serverError(why: string): void;
  /** The server is shutting down (lame duck mode). */
  leaving(): void;
}

/** A dial in progress. */
export interface Dial {
  readonly connected: Promise<ClientConnection>;
  readonly giveUp: () => void;
}

/** Passes protocol lines on as they are. */
export interface RawWire {
  /** The bytes reach the socket within this turn. `messages` is for the client's own counts. */
  send(bytes: Uint8Array, messages: number): void;
}

/** A client of NATS. There is one adapter for each. */
export interface NatsClient {
  /** Its package and version, for the log. */
  readonly name: string;
  readonly version: string;
  /** Opens a connection. Without its internals a dial cannot be given up. */
  dial(options: NatsClientOptions): Dial;
  /** Begins to tell of a connection's changes, in the order in which they happen. */
  watch(nc: ClientConnection, events: ClientEvents): void;
  /** Undefined if the client is not of a tried version, or lacks the internals: `publish` is used then. */
  wire(nc: ClientConnection): RawWire | undefined;
  createInbox(prefix?: string): string;
  /** The client's message of a stream, made of a plain one: what a handler gets as `raw`. */
  toJsMsg(message: ClientMessage, nc: ClientConnection): unknown;
  manager(nc: ClientConnection, options: JetStreamOptions): Promise<JetStreamManager>;
}

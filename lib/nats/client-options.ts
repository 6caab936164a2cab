/** Credentials of one connection. */
export type NatsCredentials =
  | void
  | { auth_token: string }
  | { user: string; pass?: string }
  | { nkey: string; sig: string }
  | { jwt: string; nkey?: string; sig?: string };

/** Makes the credentials of a connection, for the nonce that the server has sent. */
export type NatsAuthenticator = (nonce?: string) => NatsCredentials;

/** TLS options of a client. Others of Node's `tls.connect` are passed on to it. */
export interface NatsTlsOptions {
  /** TLS begins before the server's greeting, which its configuration has to allow. */
  handshakeFirst?: boolean;
  certFile?: string;
  cert?: string;
  caFile?: string;
  ca?: string;
  keyFile?: string;
  key?: string;
}

/** The connection options that `nats` and `@nats-io/transport-node` share: an object of either's `ConnectionOptions` fits. */
export interface NatsClientOptions {
  authenticator?: NatsAuthenticator | NatsAuthenticator[];
  /** Refused: the client would print the password. */
  debug?: boolean;
  /** `false`: discovered servers of the cluster are dialled, too. */
  ignoreClusterUpdates?: boolean;
  ignoreAuthErrorAbort?: boolean;
  /** Begins the inboxes of replies and pulls. Default `_INBOX`. */
  inboxPrefix?: string;
  maxPingOut?: number;
  maxReconnectAttempts?: number;
  /** How the server calls the connection in its monitoring. Default: the broker's name. */
  name?: string;
  noAsyncTraces?: boolean;
  /** What this connection publishes does not reach its own subscriptions. */
  noEcho?: boolean;
  noRandomize?: boolean;
  pass?: string;
  pedantic?: boolean;
  /** In milliseconds. Default 20,000. */
  pingInterval?: number;
  /** Of a server on 127.0.0.1; instead of `servers`. */
  port?: number;
  reconnect?: boolean;
  reconnectDelayHandler?: () => number;
  reconnectJitter?: number;
  reconnectJitterTLS?: number;
  reconnectTimeWait?: number;
  /** Whether names are resolved before they are dialled. Default `true`. */
  resolve?: boolean;
  /** `host:port`, or URLs without credentials. Default `127.0.0.1:4222`. */
  servers?: string[] | string;
  /** Of one dial, in milliseconds. Default 5,000. */
  timeout?: number;
  /** `null`: never TLS. */
  tls?: NatsTlsOptions | null;
  token?: string;
  user?: string;
  verbose?: boolean;
  waitOnFirstConnect?: boolean;
}

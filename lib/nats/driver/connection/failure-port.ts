/** An error response of JetStream's API. */
export interface ApiFailure {
  readonly code: number;
  /** nats-server's own number (errors.json), such as 10059 for "stream not found". */
  readonly number: number;
  readonly text: string;
}

/** Reads the errors of one client. Each tells its own from others, so that no caller has to know whose they are. */
export interface ClientFailures {
  /** Whether the error is one of this client. */
  isOwn(thrown: unknown): boolean;
  /**
   * `503` (no responders), `TIMEOUT`, `PERMISSIONS_VIOLATION`, `CONNECTION_REFUSED` and the like, or Node's code of a
   * socket's error; of the error response of an API its `code`; undefined for an error that has none.
   */
  code(thrown: unknown): string | undefined;
  /** The error response in it; undefined if the API did not answer. */
  api(thrown: unknown): ApiFailure | undefined;
  /** Whether a publish was refused for its size, before it was written. */
  isTooLarge(thrown: unknown): boolean;
  /** Why a dial failed: what the client asked for and the server does not have, or the other way round, or a text. */
  dial(thrown: Error, ruledOutTls: boolean): 'no-tls' | 'tls-ruled-out' | 'hung-up' | { readonly text: string };
}

/** What either client says of a connection that ended before the server greeted it: Node gives no error for that. */
export const HUNG_UP = 'node provided an undefined error';

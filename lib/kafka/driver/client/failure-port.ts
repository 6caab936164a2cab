/** How a send has failed. */
export type SendProblem =
  /** By an error of Kafka's protocol, of that name. `isRetriable` is what the protocol says of it. */
  | { readonly how: 'refused'; readonly type: string; readonly isRetriable: boolean }
  /** Nothing was sent: no connection, no metadata, no leader. */
  | { readonly how: 'unsent' }
  /** A request was sent, and its answer did not come: it may be written. */
  | { readonly how: 'unanswered' }
  /** The client could not encode one of the records. */
  | { readonly how: 'unwritable' };

/** Reads the errors of one client. Each method also takes errors that are not the client's. */
export interface ClientFailures {
  /**
   * Kafka's name of the error with which the server answered, such as `UNKNOWN_TOPIC_OR_PARTITION`, also where the client
   * wraps it in an error of its own; undefined of any other error.
   */
  protocolError(thrown: unknown): string | undefined;
  /** How a send has failed, and the error to show: without those with which the client wraps it. */
  send(thrown: Error): SendProblem & { readonly cause: Error };
  /** Why a fetched batch could not be decoded, if that ended a consumer: it would end the next one, too. */
  undecodable(thrown: Error): string | undefined;
  /** Whether a connection failed because the server is not up, or not yet: not by its certificate or a refused credential. */
  mayBeStarting(thrown: Error): boolean;
}

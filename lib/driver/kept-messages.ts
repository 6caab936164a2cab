import type { DestinationSpec, SourceSpec } from './addressing.js';
import type { Incoming } from './message.js';

/**
 * - `take`: under the group or durable of the source, which remembers across processes what is done.
 * - `look`: beginning where that group or durable stands, and leaving no trace on the server.
 */
export type KeptAccess = 'take' | 'look';

/** What a durable source held for its group or durable at one moment, read one message at a time. */
export interface KeptMessages {
  /** About how many there are; {@link next} says when they are over. */
  readonly size: number;
  /**
   * The next message, in order; the one before it is over, and stays if it is not done. Undefined once all that was there
   * at the beginning has been handed over. Rejects when `signal` aborts, the driver is closed, or the connection is lost;
   * what was fetched before that may still come.
   */
  next(signal: AbortSignal): Promise<Incoming | undefined>;
  /** The message is handled: no later reader of this group or durable gets it. Without effect on a look. */
  done(message: Incoming): Promise<void>;
  /** Resolves when the server knows what is done, or is gone. Never rejects. */
  close(): Promise<void>;
}

/** Where a message that a source has read was published. */
export interface PublishedTo {
  readonly to: DestinationSpec;
  /** Values of the source's wildcards; see {@link Incoming.params}. */
  readonly params?: Readonly<Record<string, string>> | undefined;
}

/** Opens {@link KeptMessages}. Rejects with nothing left open. */
export type ReadKept = (source: SourceSpec, access: KeptAccess, signal: AbortSignal) => Promise<KeptMessages>;

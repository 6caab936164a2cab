import type { Source } from './addressing.js';
import type { Headers, RawHeader } from './message.js';

/** Where dead letters are: a topic, or `stream()` of a stream. */
export interface DeadLetterPlace {
  /** Name of the broker. */
  readonly broker: string;
  /** Its `groupId` or `durable` has no effect. */
  readonly source: string | Source;
}

/** One dead letter, as `MultiBroker.deadLetters()` shows it. Its JSON form would hold the body. */
export interface DeadLetter {
  /** Its own place: `topic[partition]@offset` or `stream@sequence`. */
  readonly location: string | undefined;
  /** Where the message came from: broker, topic or subject, and its `message.id`. */
  readonly from: { readonly broker: string; readonly source: string; readonly position: string };
  /** `Class.method` that failed. */
  readonly handler: string;
  /** Handler and source, the same in every process. */
  readonly binding: string;
  /** Class, code and message of the last error. */
  readonly error: { readonly name: string; readonly code?: string | undefined; readonly message: string };
  /** Number of the last attempt. */
  readonly attempts: number;
  /** When it was parked. */
  readonly at: Date;
  /** The same for two letters of one failure. */
  readonly deliveryId: string;
  /** The message's own bytes; null for a message without a value. */
  readonly body: Uint8Array | null;
  readonly key: string | undefined;
  /** The key as bytes. */
  readonly rawKey: Uint8Array | undefined;
  /** The message's headers, without those of the letter. */
  readonly headers: Headers;
  /** The same in order, as bytes. */
  readonly rawHeaders: readonly RawHeader[];
}

/** Options of `MultiBroker.deadLetters()`. */
export interface DeadLettersOptions {
  /** Ends after so many letters. Default: no limit. */
  readonly limit?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Options of `MultiBroker.redrive()`. */
export interface RedriveOptions {
  /**
   * - `handler` (default): each letter goes through the handler that failed and no other, as attempt 1, with guards,
   *   pipes, retries and publishers.
   * - `source`: its message is published again where it came from, with its key, headers and bytes; all who read there
   *   get it.
   */
  readonly to?: 'handler' | 'source';
  /** Letters for which it is false are left. What is neither true nor false ends the redrive with an error. */
  readonly filter?: (letter: DeadLetter) => boolean | PromiseLike<boolean>;
  /** At most so many letters are redriven; the others are left. Default: no limit. */
  readonly limit?: number;
  /** At most so many letters a second. Default: no limit. */
  readonly ratePerSecond?: number;
  /** Counts what would be redriven, and redrives and settles nothing. */
  readonly dryRun?: boolean;
  /** Ends after the letter in progress. What is not handled by then is left. */
  readonly signal?: AbortSignal;
}

/** What became of the letters; `read` is the sum of the others. */
export interface RedriveResult {
  /** Letters that were there when it began. */
  readonly read: number;
  /** Handled or published, and settled. */
  readonly redriven: number;
  /** Stay as they are: refused by the filter, beyond the limit, no dead letters, or of handlers that this application lacks. */
  readonly left: number;
  /** Stay because they failed once more. */
  readonly failed: number;
}

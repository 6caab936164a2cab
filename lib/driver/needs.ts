import type { DestinationSpec, SourceSpec } from './addressing.js';

/** What an application uses of one broker. */
export interface BrokerUse {
  readonly sources: readonly SourceSpec[];
  readonly destinations: readonly DestinationSpec[];
  /**
   * Those of `destinations` that are dead letters of several topics or subjects: their `{source}` is that of each message,
   * of any number of tokens. Elsewhere `{source}` is a placeholder like any other.
   */
  readonly lettersOfEach?: readonly DestinationSpec[];
  /** Those of `sources` whose handlers answer every request. */
  readonly answered: readonly SourceSpec[];
}

/** Something that a server has to have, or to permit, for an application. */
export interface Need {
  /** In the word of its system: `topic`, `group`, `stream`, `durable`, `subject`. */
  readonly what: string;
  readonly name: string;
  /** What the credentials of the application have to be allowed, in the words of the system: `READ`, `publish`. */
  readonly permissions: readonly string[];
  /** What else there is to know, such as how a start creates it where it is missing. */
  readonly note?: string | undefined;
}

/** Something that a server does not have, or has otherwise. */
export interface Finding {
  /**
   * `forbidden`: the credentials may not use it, or may not even ask for it. `unknown`: no fault, but not compared, as the
   * server does not tell it.
   */
  readonly problem: 'missing' | 'differs' | 'forbidden' | 'unknown';
  /** As {@link Need.what}. */
  readonly what: string;
  readonly name: string;
  /** A sentence that says what is wrong; without a secret. */
  readonly text: string;
  /** A start of the application creates it. */
  readonly created?: boolean | undefined;
}

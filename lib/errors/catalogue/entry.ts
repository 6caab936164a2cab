/** One code of the catalogue. Placeholders of a message stand in braces. */
export type Entry = EntryOf<{ readonly message: string }> | EntryOf<{ readonly messages: Messages }>;

/** Where one code has several situations: a message for each, by a name of its own. */
export type Messages = Readonly<Record<string, string>>;

type EntryOf<Text> = Text & {
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** What to do, a sentence: each message ends with it. */
  readonly remedy: string;
};

/** An area of the catalogue. */
export type Entries = Readonly<Record<`MULTI_BROKER_${string}`, Entry>>;

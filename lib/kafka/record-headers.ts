import type { Headers, Logger, RawHeader } from '../driver/index.js';

/** Headers of a record to write: an array where one is repeated. */
export type RecordHeaders = Record<string, string | Buffer | (string | Buffer)[]>;

/**
 * All headers of a message with raw headers. A header without a value is left out: kafkajs can read one, but throws
 * when it writes one.
 */
export function recordHeaders(headers: Headers | undefined, raw: readonly RawHeader[]): RecordHeaders {
  const values = new Map<string, string | Buffer | Buffer[]>(Object.entries(headers ?? {}));
  for (const [name, value] of raw) {
    if (value === null) continue;
    const before = values.get(name);
    if (Array.isArray(before)) before.push(value);
    else values.set(name, Buffer.isBuffer(before) ? [before, value] : value);
  }
  // fromEntries makes an own property even of `__proto__`.
  return Object.fromEntries(values);
}

/** Names may come from data, without end: beyond this number they are forgotten and logged once more. */
const REMEMBERED = 1_000;

/** Leaves out headers without a value, with one log line for each name. */
export class LeftOut {
  private readonly logged = new Set<string>();

  constructor(
    private readonly broker: string,
    /** Of the client's package. */
    private readonly client: string,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /** The headers that can be written. */
  of(raw: readonly RawHeader[] | undefined): readonly RawHeader[] | undefined {
    if (raw?.every(([, value]) => value !== null) ?? true) return raw;
    for (const [name, value] of raw ?? []) if (value === null) this.warn(name);
    return raw?.filter(([, value]) => value !== null);
  }

  private warn(name: string): void {
    if (this.logged.has(name)) return;
    if (this.logged.size >= REMEMBERED) this.logged.clear();
    this.logged.add(name);
    const what = `the header ${JSON.stringify(name)} has no value and is not published`;
    this.log.warn(`Kafka '${this.broker}': ${what}: ${this.client} reads such a header and cannot write one`);
  }
}

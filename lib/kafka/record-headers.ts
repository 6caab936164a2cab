import type { Headers, Log, RawHeader } from '../driver/index.js';

/** Headers of a record as kafkajs takes them: an array where one is repeated. */
export type RecordHeaders = Record<string, string | Buffer | (string | Buffer)[]>;

/**
 * All headers of a message that has raw ones. A header without a value is left out: kafkajs throws for it, though it
 * reads it.
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

/** Names may come from data without end: beyond so many they are told anew. */
const REMEMBERED = 1_000;

/** Tells once of each header that is left out for it has no value. */
export class LeftOut {
  private readonly told = new Set<string>();

  constructor(
    private readonly broker: string,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  /** What is left to write. */
  of(raw: readonly RawHeader[] | undefined): readonly RawHeader[] | undefined {
    if (raw?.every(([, value]) => value !== null) ?? true) return raw;
    for (const [name, value] of raw ?? []) if (value === null) this.tell(name);
    return raw?.filter(([, value]) => value !== null);
  }

  private tell(name: string): void {
    if (this.told.has(name)) return;
    if (this.told.size >= REMEMBERED) this.told.clear();
    this.told.add(name);
    const what = `the header ${JSON.stringify(name)} has no value and is not published`;
    this.log.warn(`Kafka '${this.broker}': ${what}: kafkajs reads such a header and cannot write one`);
  }
}

import { setTimeout as delay } from 'node:timers/promises';

/** What was handled, by all replicas of a test; messages of a key are numbered in the order in which they were written. */
export class KeyJournal {
  /** Of each key, the numbers in the order in which their first handling was over. */
  readonly byKey = new Map<string, number[]>();
  /** Calls that began before an earlier message of their key was handled. */
  readonly overtaking: string[] = [];
  handled = 0;
  calls = 0;
  running = 0;
  most = 0;
  /** How many calls began as the last of `most`. */
  full = 0;
  private beside = 0;
  private readonly done = new Set<string>();

  constructor(
    private readonly keys: number,
    private readonly tookMs: number,
  ) {}

  /** Message `index` of all: its key is `k${index % keys}`. */
  async handle(index: number): Promise<void> {
    const key = `k${index % this.keys}`;
    const before = index - this.keys;
    if (before >= 0 && !this.done.has(String(before))) this.overtaking.push(`${key}: ${index}`);
    this.calls++;
    if (++this.running > this.most) [this.most, this.full] = [this.running, 0];
    if (this.running === this.most) this.full++;
    this.beside += this.running;
    await delay(this.tookMs);
    this.running--;
    if (this.done.has(String(index))) return;
    this.done.add(String(index));
    this.byKey.set(key, [...(this.byKey.get(key) ?? []), index]);
    this.handled++;
  }

  /** How many run, on average, once a call has begun: as many as may, if the next one begins as soon as one is over. */
  get busy(): number {
    return this.beside / this.calls;
  }

  /** Messages that were never handled, of so many. */
  missing(count: number): number[] {
    return Array.from({ length: count }, (_, index) => index).filter((index) => !this.done.has(String(index)));
  }
}

/** What Kafka takes as metadata of a commit: `offset.metadata.max.bytes` is 4,096 by default. */
const MOST_CHARACTERS = 4_000;
const PREFIX = 'multi-broker-done:';

/**
 * The offsets of a partition that are done, in any order. Kafka stores one committed offset; those that are done beyond
 * it go into the metadata of the commit, so that one message that stays keeps none behind it from being done.
 */
export class DoneOffsets {
  /** Runs of done offsets above `floor`, in order: first offset, and the one after the last. */
  private readonly runs: [from: number, to: number][];

  /** @param next all offsets below it are done */
  constructor(
    private next: number,
    runs: readonly (readonly [from: number, to: number])[] = [],
  ) {
    this.runs = runs.map(([from, to]) => [from, to]);
    this.sink();
  }

  /** Reads what {@link metadata} wrote; the metadata of others says nothing. */
  static read(committed: number, metadata: string | null | undefined): DoneOffsets {
    if (metadata?.startsWith(PREFIX) !== true) return new DoneOffsets(committed);
    const numbers = metadata
      .slice(PREFIX.length)
      .split(',')
      .map((part) => parseInt(part, 36));
    if (numbers.some((number) => !Number.isSafeInteger(number))) return new DoneOffsets(committed);
    const runs: [number, number][] = [];
    let at = committed;
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      const from = at + (numbers[index] ?? 0);
      at = from + (numbers[index + 1] ?? 0);
      runs.push([from, at]);
    }
    return new DoneOffsets(committed, runs);
  }

  /** All offsets below it are done. */
  get floor(): number {
    return this.next;
  }

  /**
   * Gaps and runs in turn, as numbers of base 36. Where they are too many, the last are left out: those messages are
   * handled once more.
   */
  get metadata(): string {
    let text = PREFIX;
    let at = this.next;
    for (const [from, to] of this.runs) {
      const run = `${text === PREFIX ? '' : ','}${(from - at).toString(36)},${(to - from).toString(36)}`;
      if (text.length + run.length > MOST_CHARACTERS) break;
      text += run;
      at = to;
    }
    return text === PREFIX ? '' : text;
  }

  has(offset: number): boolean {
    return offset < this.next || this.runs.some(([from, to]) => offset >= from && offset < to);
  }

  /** How many offsets from `from` up to `to` are not done. */
  missing(from: number, to: number): number {
    const begin = Math.max(from, this.next);
    const done = this.runs.map(([one, other]) => Math.max(0, Math.min(other, to) - Math.max(one, begin)));
    return Math.max(0, to - begin - done.reduce((sum, each) => sum + each, 0));
  }

  /** Everything from `from` up to `to`, without `to`, is done. */
  add(from: number, to = from + 1): void {
    if (to <= from) return;
    const touching = this.runs.filter(([one, other]) => one <= to && other >= from);
    const place = this.runs.filter(([, other]) => other < from).length;
    const all = [...touching, [from, to] as const];
    const joined: [number, number] = [Math.min(...all.map(([one]) => one)), Math.max(...all.map(([, end]) => end))];
    this.runs.splice(place, touching.length, joined);
    this.sink();
  }

  /** What another member of the group has done, too. */
  merge({ next, runs }: DoneOffsets): void {
    this.add(this.next, next);
    for (const [from, to] of runs) this.add(from, to);
  }

  /** Runs that begin at the floor raise it. */
  private sink(): void {
    for (let [first] = this.runs; first !== undefined && first[0] <= this.next; [first] = this.runs) {
      this.next = Math.max(this.next, first[1]);
      this.runs.shift();
    }
  }
}

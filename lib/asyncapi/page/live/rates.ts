/** How far back a rate looks, in milliseconds. */
const WINDOW_MS = 10_000;

interface Sample<Counts> {
  readonly at: number;
  readonly counts: Counts;
}

/** Counters of something, over the last seconds. */
export class Rates<Counts extends { readonly [name in keyof Counts]: number }> {
  private samples: Sample<Counts>[] = [];

  /** Takes the counters of now; returns how much each has grown a second, since up to 10 s ago. */
  of(counts: Counts, at: number): Readonly<Record<keyof Counts, number>> {
    this.samples = this.samples.filter((one) => at - one.at <= WINDOW_MS);
    this.samples.push({ at, counts });
    const [first = { at, counts }] = this.samples;
    const seconds = Math.max(1, (at - first.at) / 1_000);
    const names = Object.keys(counts) as (keyof Counts)[];
    const rates = names.map((name) => [name, Math.max(0, counts[name] - first.counts[name]) / seconds] as const);
    return Object.fromEntries(rates) as Record<keyof Counts, number>;
  }
}

import type { Unit } from './progress.js';

/** Since when a source has not moved though something is left of it. */
export class Standing {
  /** When more of it was settled for the last time. */
  movedAt = 0;
  /** How often it was looked at since, and no health told why. */
  silent = 0;
  private settled = -1;
  private since = Date.now();
  private readonly noted = new Set<string>();

  get ms(): number {
    return Date.now() - this.since;
  }

  look({ settled, backlog }: Unit, counts: boolean): void {
    // A stream and its consumer are asked one after the other: what is settled may seem less than it was.
    const moved = settled > this.settled;
    if (moved) this.movedAt = Date.now();
    this.settled = Math.max(this.settled, settled);
    if (!moved && backlog > 0 && counts) return;
    this.since = Date.now();
    this.silent = 0;
    this.noted.clear();
  }

  /** True for the first time since it stands. */
  once(what: string): boolean {
    const first = !this.noted.has(what);
    this.noted.add(what);
    return first;
  }
}

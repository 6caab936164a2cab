import { type Clock, systemClock } from '../driver/index.js';

/** No list of broken messages is longer: health is read by people. */
const MOST = 20;

interface Ailment {
  readonly what: string;
  readonly until: number;
}

/** What keeps a broker from being well, by what it is about; shown in health, removed when it is over. */
export class Ailments {
  private readonly known = new Map<unknown, Ailment>();

  constructor(private readonly clock: Pick<Clock, 'now'> = systemClock) {}

  /** `forMs`: where nobody may come to tell that it is over, as another process may have mended it. */
  set(about: unknown, what: string, forMs = Infinity): void {
    if (this.known.size >= MOST) this.forgetOver();
    if (!this.known.has(about) && this.known.size >= MOST) return;
    this.known.set(about, { what, until: this.clock.now() + forMs });
  }

  /** Looked at first where making the key would cost something. */
  get any(): boolean {
    return this.known.size > 0;
  }

  clear(about: unknown): void {
    this.known.delete(about);
  }

  list(): readonly string[] {
    this.forgetOver();
    return Array.from(this.known.values(), ({ what }) => what);
  }

  private forgetOver(): void {
    const now = this.clock.now();
    for (const [about, { until }] of this.known) if (until <= now) this.known.delete(about);
  }
}

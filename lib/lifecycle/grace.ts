import { type Clock, sleep } from '../driver/index.js';

/** How long brokers with `critical: false` may take, in all, before the start goes on without them. */
const GRACE_MS = 2_000;

/** The time that a start gives to what may come later. */
export class Grace {
  private readonly ends: number;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {
    this.ends = clock.now() + GRACE_MS;
  }

  /** Resolves with the promise, and at the end of the time at the latest. Leaves no timer behind. */
  async waitFor(coming: Promise<unknown>): Promise<void> {
    const enough = new AbortController();
    const end = (): void => {
      enough.abort();
    };
    this.signal.addEventListener('abort', end, { once: true });
    void coming.then(end, end);
    if (!this.signal.aborted) await sleep(this.clock, this.ends - this.clock.now(), enough.signal);
    this.signal.removeEventListener('abort', end);
  }
}

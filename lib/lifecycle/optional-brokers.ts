import { type Clock, sleep } from '../async/index.js';

/** Total time that a start waits for brokers with `critical: false` before it goes on without them, at most half of its time. */
const GRACE_MS = 2_000;

/** Progress of an optional broker or its sources. */
export interface Arrival {
  /** Resolves once all of it is up. */
  readonly all: Promise<unknown>;
  /** Resolves once each part was tried once. */
  readonly tried: Promise<unknown>;
}

/** Limits how long a start waits for optional brokers. On a test clock that stands still, it waits for one try. */
export class OptionalBrokerWait {
  private readonly ends: number;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly clockStands: boolean,
    startTimeoutMs = Infinity,
  ) {
    this.ends = clock.now() + Math.min(GRACE_MS, startTimeoutMs / 2);
  }

  /** Resolves when all of it is up, or when the time has passed. Leaves no timer behind. */
  async waitFor({ all, tried }: Arrival): Promise<void> {
    const coming = this.clockStands ? Promise.race([all, tried]) : all;
    const enough = new AbortController();
    const end = (): void => enough.abort();
    this.signal.addEventListener('abort', end, { once: true });
    void coming.then(end, end);
    if (!this.signal.aborted) await sleep(this.clock, this.ends - this.clock.now(), enough.signal);
    this.signal.removeEventListener('abort', end);
  }
}

/** The arrival of something that retries until it is up, calling `tried` after each try. */
export function arrivalOf(keepTrying: (tried: () => void) => Promise<void>): Arrival {
  let all = Promise.resolve();
  const tried = new Promise<void>((resolve) => {
    all = keepTrying(resolve);
    // Something that is up already makes no try.
    void all.then(resolve);
  });
  return { all, tried };
}

/** Several arrivals as one. */
export function allArrivals(coming: readonly Arrival[]): Arrival {
  return { all: Promise.all(coming.map(({ all }) => all)), tried: Promise.all(coming.map(({ tried }) => tried)) };
}

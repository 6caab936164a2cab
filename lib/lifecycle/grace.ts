import { type Clock, sleep } from '../driver/index.js';

/** How long brokers with `critical: false` may take, in all, before the start goes on without them. */
const GRACE_MS = 2_000;

/** What may come later. */
export interface Coming {
  /** All of it is there. */
  readonly all: Promise<unknown>;
  /** Each of it was tried once. */
  readonly tried: Promise<unknown>;
}

/** The time that a start gives to what may come later. On a clock that nobody moves meanwhile it is one try. */
export class Grace {
  private readonly ends: number;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly clockStands: boolean,
  ) {
    this.ends = clock.now() + GRACE_MS;
  }

  /** Resolves when all is there, and at the end of the time at the latest. Leaves no timer behind. */
  async waitFor({ all, tried }: Coming): Promise<void> {
    const coming = this.clockStands ? Promise.race([all, tried]) : all;
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

/** What tries until it is there, and calls `tried` after each try. */
export function comingBy(keepTrying: (tried: () => void) => Promise<void>): Coming {
  let all = Promise.resolve();
  const tried = new Promise<void>((resolve) => {
    all = keepTrying(resolve);
    // What is there already needs no try.
    void all.then(resolve);
  });
  return { all, tried };
}

/** All of them together. */
export function allOf(coming: readonly Coming[]): Coming {
  return { all: Promise.all(coming.map(({ all }) => all)), tried: Promise.all(coming.map(({ tried }) => tried)) };
}

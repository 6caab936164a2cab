import type { Clock } from '../../../driver/index.js';

/** How often, and after how long a silence, in milliseconds. */
export const LOOK_MS = 5_000;

/** Looks at the cluster's topics while there is reason to: while nothing comes, or one is missing. */
export class TopicWatch {
  private cancel: (() => void) | undefined;
  private closed = false;

  /** @param look may reject: then it looks again */
  constructor(
    private readonly clock: Clock,
    private readonly isDue: () => boolean,
    private readonly look: () => Promise<void>,
  ) {}

  start(): void {
    if (this.closed) return;
    this.cancel = this.clock.after(LOOK_MS, () => {
      const looked = this.isDue() ? this.look().catch(() => undefined) : Promise.resolve();
      void looked.then(() => { this.start(); }); // prettier-ignore
    });
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }
}

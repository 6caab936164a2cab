import { realNow } from '../async/index.js';

/** Between two looks no more than this part of the patience is lost. */
const LOOKS = 10;

/**
 * How much longer a test waits, in real time. A process that stood still, as a handler computed or the machine was paused,
 * had no chance to go on meanwhile: its work has to be looked at several times before the patience is over.
 */
export class Patience {
  private left: number;
  private lookedAt = realNow();
  private readonly most: number;

  constructor(ms: number) {
    this.left = ms;
    this.most = ms / LOOKS;
  }

  /** Called at each look. */
  isOver(): boolean {
    const now = realNow();
    this.left -= Math.min(now - this.lookedAt, this.most);
    this.lookedAt = now;
    return this.left < 0;
  }
}

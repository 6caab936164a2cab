import { DeliveryTurns, VirtualClock } from '../../../lib/twin/index.js';
import { turns as letTurn } from '../../support/turns.js';

/** What has not moved for so many turns of the event loop waits for the clock. */
const STILL_TURNS = 12;

/** What has not come after so long of a twin's time never comes, in milliseconds. */
const PATIENCE_MS = 180_000;

/** Moves the clock of twins as long as something waits for it. */
export class TwinTime {
  readonly clock = new VirtualClock();
  readonly turns = new DeliveryTurns();

  /** False: no timer is left, or the time is up. */
  async until(holds: () => boolean): Promise<boolean> {
    const end = this.clock.now() + PATIENCE_MS;
    for (;;) {
      for (let still = 0; still < STILL_TURNS || this.turns.busy; still++) {
        if (holds()) return true;
        await letTurn(1);
      }
      if (this.clock.nextAt() > end || !this.clock.next()) return holds();
    }
  }

  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const ended = work.finally(() => (over = true));
    ended.catch(() => undefined);
    if (!(await this.until(() => over))) throw new Error('This never ends');
    return ended;
  }
}

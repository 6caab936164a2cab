import type { Intake } from './driver.js';

/** What reads one source, or some, in the process. */
export interface Reading {
  /** From now on nothing is handed over; settling goes on. */
  quiet(): void;
  /** Its lanes are lost, and what is unsettled goes back. */
  close(): void;
  /** It ends as a process does that dies: nothing is given back. Absent where `close` is the same. */
  abandon?(): void;
}

/** What one `subscribe` of an {@link InProcessDriver} reads. */
export class InProcessIntake implements Intake {
  constructor(
    private readonly readings: readonly Reading[],
    private readonly closed: () => void,
  ) {}

  async quiet(): Promise<void> {
    for (const reading of this.readings) reading.quiet();
  }

  async flush(): Promise<void> {
    // A settlement has its effect in the call itself.
  }

  async close(): Promise<void> {
    for (const reading of this.readings) reading.close();
    this.closed();
  }

  /** As {@link Reading.abandon}, before it returns. */
  abandon(): void {
    for (const reading of this.readings) {
      if (reading.abandon === undefined) reading.close();
      else reading.abandon();
    }
    this.closed();
  }
}

import type { Intake } from '../driver/index.js';

/** What a twin may have beyond the port: to end as a process does that dies. */
interface Abandoning {
  /**
   * Leaves without giving anything back, before it returns: what is unsettled comes again when the server finds out.
   * A twin without it is closed.
   */
  abandon(): void;
}

/** The connection is gone, or the process. */
export async function abandon(intake: Intake): Promise<void> {
  if (isAbandoning(intake)) intake.abandon();
  else await intake.close();
}

function isAbandoning(intake: Intake & Partial<Abandoning>): intake is Intake & Abandoning {
  return typeof intake.abandon === 'function';
}

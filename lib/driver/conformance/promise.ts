import type { Bench } from './bench.js';
import type { ConformanceTarget } from './target.js';

/** What every driver promises, or every driver of a sort. */
export interface DriverPromise {
  /** Stable: `P1`. */
  readonly id: string;
  /** What is promised, as a title. */
  readonly text: string;
  /** Why this target need not keep it, or undefined. A reason is shown in the table. */
  readonly unless?: (target: ConformanceTarget) => string | undefined;
  readonly prove: (bench: Bench) => Promise<void>;
}

/** Reasons that several promises share. */
export const unless = {
  durable: ({ features }: ConformanceTarget): string | undefined =>
    features.durable ? undefined : 'the system keeps nothing while nobody reads',
  comesAgain: ({ features }: ConformanceTarget): string | undefined =>
    ({ server: undefined, hold: 'delivery holds a failure in place', never: 'nobody brings a failure back' })[
      features.again
    ],
  heldInOrder: ({ features }: ConformanceTarget): string | undefined =>
    ({ server: 'what comes again has no place in the order', hold: undefined, never: 'nobody brings a failure back' })[
      features.again
    ],
  waits: ({ features }: ConformanceTarget): string | undefined =>
    features.waits ? undefined : 'the system does not wait: delivery drops and counts',
  groups: ({ features }: ConformanceTarget): string | undefined =>
    features.groups ? undefined : 'the system has no groups',
  demand: ({ features }: ConformanceTarget): string | undefined =>
    features.demand === true ? undefined : 'its lanes hand over until they are full',
  unsteady: ({ makeUnsteady }: ConformanceTarget): string | undefined =>
    makeUnsteady ? undefined : 'its server is in the process',
  request: ({ features }: ConformanceTarget): string | undefined =>
    features.request ? undefined : 'the system has no request/reply this way',
};

import type { Bench } from './bench.js';
import type { ConformanceTarget } from './target.js';

/** A promise of every driver, or of every driver with certain features. */
export interface DriverPromise {
  /** Stable: `P1`. */
  readonly id: string;
  /** The promise, as a test title. */
  readonly text: string;
  /** The reason why it does not apply to this target, shown in the table; undefined if it applies. */
  readonly unless?: (target: ConformanceTarget) => string | undefined;
  readonly prove: (bench: Bench) => Promise<void>;
}

/** Reasons shared by several promises. */
export const unless = {
  durable: ({ features }: ConformanceTarget): string | undefined =>
    features.durable ? undefined : 'the system keeps nothing without a reader',
  redelivered: ({ features }: ConformanceTarget): string | undefined =>
    ({ server: undefined, 'in-place': 'delivery holds a failure in place', none: 'the system does not redeliver' })[
      features.redelivery
    ],
  heldInOrder: ({ features }: ConformanceTarget): string | undefined =>
    ({
      server: 'a redelivered message has no place in the order',
      'in-place': undefined,
      none: 'the system does not redeliver',
    })[features.redelivery],
  backpressure: ({ features }: ConformanceTarget): string | undefined =>
    features.backpressure ? undefined : 'the system does not wait: delivery drops and counts',
  groups: ({ features }: ConformanceTarget): string | undefined =>
    features.groups ? undefined : 'the system has no groups',
  demand: ({ features }: ConformanceTarget): string | undefined =>
    features.demand === true ? undefined : 'its lanes deliver until they are full',
  lag: ({ features }: ConformanceTarget): string | undefined =>
    features.lag === true ? undefined : 'its driver does not tell how much waits',
  kept: (target: ConformanceTarget): string | undefined => {
    if (target.features.kept === true) return undefined;
    return unless.durable(target) ?? 'its driver reads by subscriptions only';
  },
  inspect: ({ features }: ConformanceTarget): string | undefined => {
    if (features.inspect === true) return undefined;
    return features.twin ? 'its server is in the process' : 'its driver does not compare';
  },
  missing: ({ makeMissingPlace }: ConformanceTarget): string | undefined =>
    makeMissingPlace ? undefined : 'nothing has to exist before it is used',
  needs: ({ needs }: ConformanceTarget): string | undefined =>
    needs ? undefined : 'its definition does not list what it needs',
  dead: ({ makeDeadDriver }: ConformanceTarget): string | undefined =>
    makeDeadDriver ? undefined : 'its server is in the process',
  unsteady: ({ makeUnsteady }: ConformanceTarget): string | undefined =>
    makeUnsteady ? undefined : 'its server is in the process',
  request: ({ features }: ConformanceTarget): string | undefined =>
    features.request ? undefined : 'the system has no request/reply for this destination',
};

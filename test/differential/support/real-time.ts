import { systemClock } from '../../../lib/async/index.js';
import { until } from '../../support/real-brokers.js';

/** A killed consumer of Kafka is missed after 6 s, and this machine may be busy. */
const PATIENCE_MS = 40_000;

/** Time as it goes by itself. */
export const realTime = {
  clock: systemClock,
  during: <T>(work: Promise<T>): Promise<T> => work,
  until: (holds: () => boolean | Promise<boolean>): Promise<boolean> =>
    until(holds, { what: 'the scenario rests', timeoutMs: PATIENCE_MS, everyMs: 5 }).then(
      () => true,
      () => false,
    ),
};

import { MultiBroker } from '../driver/index.js';

/**
 * Token of the application's brokers for classes of this package that only look at them. A class that injects MultiBroker
 * may publish, and then every message is followed through its handler.
 */
export const OBSERVED_BROKERS = Symbol('nestjs-multi-broker:observed');

/** An alias, which the search for such classes passes over. */
export const observedBrokers = { provide: OBSERVED_BROKERS, useExisting: MultiBroker } as const;

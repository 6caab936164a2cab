import type { Clock } from '../../../lib/async/index.js';
import type {
  DeadLetterOptions,
  Destination,
  Driver,
  DriverContext,
  Outcome,
  Outgoing,
  Source,
} from '../../../lib/driver/index.js';
import type { GroupName } from './scenario.js';
import type { Progress } from './trace.js';

/** One scenario's servers, or their twins: its topic or stream is there, and nobody else uses it. */
export interface World {
  readonly clock: Clock;
  /** What a group reads. */
  source(group: GroupName, late: boolean): Source;
  /** A driver for one member, with the way to end it without a goodbye. */
  driver(): Promise<Mortal>;
  /** Where what is given up is parked. */
  readonly letters: string | DeadLetterOptions;
  /** Where handlers publish what they have handled. */
  readonly results: string | Destination;
  publish(message: Outgoing, to: 'here' | 'nowhere'): Promise<Outcome>;
  /** Key of a message for each partition. */
  readonly sentinels: readonly string[];
  /** Waits for what needs the clock or the server. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Waits until the condition holds. False: nothing happens any more, or not in time. */
  until(holds: () => boolean): Promise<boolean>;
  /** How far a group is, once that is final: what was settled, and what is repeated in a `disturbed` group, may take its time. */
  progress(group: GroupName, disturbed: boolean): Promise<Progress>;
  end(): Promise<void>;
}

/** A driver that may die. */
export interface Mortal {
  readonly driver: Driver;
  /** Its connections end, and it says no goodbye. */
  kill(): Promise<void>;
}

/** `shared` of every driver of a world, as if all were of one module. */
export function sharing(): DriverContext['shared'] {
  const made = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
}

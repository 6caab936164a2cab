import type { Binding, Outlet, PublishHooks } from '../delivery/index.js';
import type { Io } from '../driver/index.js';
import type { Deadline } from './deadline.js';
import type { DriverSource } from './driver-source.js';

/** What a broker needs of the application's brokers. */
export interface BrokerHost {
  readonly drivers: DriverSource;
  readonly io: Omit<Io, 'state' | 'broker'>;
  readonly inMemory: () => boolean;
  readonly maxHops: () => number;
  /** Does what was asked for outside the start, after the wiring is checked, bounded; throws MULTI_BROKER_STOPPED. */
  onDemand<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Throws MULTI_BROKER_STOPPED once a stop has begun: what begins to read then would not be stopped. */
  refuseReading(): void;
  /** A share of the budget of a stop. */
  readonly stopDeadline: (share: number) => Deadline;
  /** What the handlers of the application read, or will; empty until the wiring is checked. */
  claims(): readonly Binding[];
  /** A start is under way. */
  isStarting(): boolean;
  /** Why sources of this broker stand still or do not read, as far as that lies at other brokers or at the start. */
  issuesOf(broker: string): readonly string[];
  outlet(broker: string): Outlet | undefined;
  /** What the application adds to whatever is published. */
  readonly hooks: PublishHooks;
  cameUp(): void;
}

import type { Clock } from '../../async/index.js';
import type { DestinationSpec, SourceSpec } from '../addressing.js';
import type { Driver, DriverContext } from '../driver.js';
import type { BrokerUse, Need } from '../needs.js';

/** Subject of the suite: one way of using a driver. A kind with two ways (subjects, streams) has two targets. */
export interface ConformanceTarget {
  /** Title in the table: `kafka twin`. */
  readonly name: string;
  readonly features: ConformanceFeatures;
  /** A new driver, not connected. All drivers of a target use the same server. */
  makeDriver(): Promise<Driver> | Driver;
  /** A new, unused address. */
  makePlace(): Promise<Place> | Place;
  /** Destination of an answer to a message's `replyTo`. */
  replyDestination?(replyTo: string): DestinationSpec;
  readonly clock: Clock;
  /** Moves the clock. Without it the suite waits in real time. */
  advance?(ms: number): Promise<void> | void;
  /** See {@link DriverContext.shared}. Default: one per test, so that tests are isolated. */
  readonly shared?: DriverContext['shared'];
  /** A driver whose server is not reachable. */
  makeDeadDriver?(): Promise<Driver> | Driver;
  /** A driver with a server of its own that can be killed. */
  makeDoomedDriver?(): Promise<Doomed>;
  /** Drivers whose connection to the server can be cut and restored. */
  makeUnsteady?(): Promise<Unsteady> | Unsteady;
  /** Each throws MULTI_BROKER_ADDRESS_INVALID. */
  readonly invalidAddresses?: readonly (() => unknown)[];
  /** A header that the system cannot carry. */
  readonly invalidHeader?: readonly [name: string, value: string];
  /** A destination that does not exist and is not created automatically. */
  makeUnknownDestination?(): DestinationSpec;
  /** An address that the server does not have; absent where nothing has to exist before it is used. */
  makeMissingPlace?(): Promise<Place> | Place;
  /** Of the definition; with it, what `inspect` finds missing has to be among what it lists. */
  needs?(use: BrokerUse): readonly Need[];
  /** A source that cannot be read. */
  makeUnreadableSource?(): SourceSpec;
  /** How long a test waits for an expected event, in milliseconds. Default 15,000. */
  readonly patienceMs?: number;
}

/** Features that select the promises a target has to keep. A wrong one fails, as the suite compares the lanes. */
export interface ConformanceFeatures {
  /** The server keeps messages for a source without a reader. */
  readonly durable: boolean;
  /** See `Lane.redelivery`. */
  readonly redelivery: 'server' | 'in-place' | 'none';
  /** See `Lane.backpressure`. */
  readonly backpressure: boolean;
  /** Readers of one group share the messages. */
  readonly groups: boolean;
  /** Lanes have `demand`. */
  readonly demand?: boolean;
  /** Intakes have `lag`. */
  readonly lag?: boolean;
  /** The driver has `kept`. */
  readonly kept?: boolean;
  /** The driver has `inspect`. */
  readonly inspect?: boolean;
  /** The system distinguishes a message without a value from one with an empty body. */
  readonly emptyIsNotNull: boolean;
  /** See {@link DestinationSpec.dedupes}. */
  readonly dedupes: boolean;
  /** The driver has `request`. */
  readonly request: boolean;
  /** Size of a body that is refused. */
  readonly tooLargeBytes: number;
  /** `native()` throws. */
  readonly twin: boolean;
}

/** An address used by one test only. */
export interface Place {
  /** Returns a new object at every call. */
  source(options?: PlaceOptions): SourceSpec;
  readonly destination: DestinationSpec;
}

/** Options for reading a place. */
export interface PlaceOptions {
  /** Readers of one group share the messages. Default: a group used by this call only. */
  readonly group?: string;
  /** Start with messages published from now on. Used only where the server keeps messages. */
  readonly fromEnd?: boolean;
  /** See `Lane.leaseMs`. */
  readonly leaseMs?: number;
}

/** A driver whose server can be killed. */
export interface Doomed {
  readonly driver: Driver;
  readonly place: Place;
  /** Kills the server without closing connections properly. */
  kill(): Promise<void>;
}

/** A connection to a server that can be cut and restored. */
export interface Unsteady {
  /** A new driver that uses this connection, not connected. */
  makeDriver(): Promise<Driver> | Driver;
  readonly place: Place;
  /** Drops every connection, and refuses new ones. */
  cut(): Promise<void> | void;
  /** Makes the server reachable again. */
  mend(): Promise<void> | void;
}

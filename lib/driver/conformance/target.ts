import type { Clock } from '../clock.js';
import type { DestinationSpec, SourceSpec } from '../definition.js';
import type { Driver, Io } from '../driver.js';

/** What the suite is run on: one way of using one driver. A kind with two ways (a subject, a stream) is two targets. */
export interface ConformanceTarget {
  /** For titles and the table: `kafka twin`. */
  readonly name: string;
  readonly features: ConformanceFeatures;
  /** A new driver, not connected. All drivers of a target reach the same server. */
  makeDriver(): Promise<Driver> | Driver;
  /** An address that nobody has used. */
  makePlace(): Promise<Place> | Place;
  /** Where an answer goes that a message asks for by `replyTo`. */
  replyDestination?(replyTo: string): DestinationSpec;
  readonly clock: Clock;
  /** Moves the clock; without it the suite waits until the time is over. */
  advance?(ms: number): Promise<void> | void;
  /** As {@link Io.shared}. Default: one for each test, so that no test sees another's. */
  readonly shared?: Io['shared'];
  /** A driver whose server is not there. */
  makeDeadDriver?(): Promise<Driver> | Driver;
  /** A driver with a server of its own that can be taken away. */
  makeDoomedDriver?(): Promise<Doomed>;
  /** Drivers whose way to the server can be cut and mended. */
  makeUnsteady?(): Promise<Unsteady> | Unsteady;
  /** Each throws MULTI_BROKER_ADDRESS_INVALID. */
  readonly invalidAddresses?: readonly (() => unknown)[];
  /** A header that the system cannot carry. */
  readonly invalidHeader?: readonly [name: string, value: string];
  /** A destination that the system does not make by itself. */
  makeUnknownDestination?(): DestinationSpec;
  /** A source that cannot be read. */
  makeUnreadableSource?(): SourceSpec;
  /** How long a test waits for what has to come, in milliseconds. Default 15,000. */
  readonly patienceMs?: number;
}

/** What chooses the promises that a target has to keep. A wrong one fails: the suite looks at the lanes. */
export interface ConformanceFeatures {
  /** The server keeps messages for a source while nobody reads. */
  readonly durable: boolean;
  /** As on the lanes. */
  readonly again: 'server' | 'hold' | 'never';
  /** As on the lanes. */
  readonly waits: boolean;
  /** Readers of one group share the messages. */
  readonly groups: boolean;
  /** Lanes have `demand`. */
  readonly demand?: boolean;
  /** A message without a value is not an empty one. */
  readonly emptyIsNotNull: boolean;
  /** As of the destination. */
  readonly dedupes: boolean;
  /** The driver has `request`. */
  readonly request: boolean;
  /** A body of so many bytes is refused. */
  readonly tooLargeBytes: number;
  /** `native()` throws. */
  readonly twin: boolean;
}

/** An address of a test's own. */
export interface Place {
  /** Each call makes a new object. */
  source(options?: PlaceOptions): SourceSpec;
  readonly destination: DestinationSpec;
}

/** How a place is read. */
export interface PlaceOptions {
  /** Readers of one group share the messages; default a group of this call alone. */
  readonly group?: string;
  /** Only what is published from now on; asked for where the server keeps messages. */
  readonly fromEnd?: boolean;
  /** Lease, where lanes have one. */
  readonly leaseMs?: number;
}

/** A driver whose server ends. */
export interface Doomed {
  readonly driver: Driver;
  readonly place: Place;
  /** Takes the server away, without a goodbye. */
  kill(): Promise<void>;
}

/** A way to a server that can be cut and mended. */
export interface Unsteady {
  /** A new driver that goes this way, not connected. */
  makeDriver(): Promise<Driver> | Driver;
  readonly place: Place;
  /** Ends every connection without a goodbye, and refuses new ones. */
  cut(): Promise<void> | void;
  /** From now on the server can be reached again. */
  mend(): Promise<void> | void;
}

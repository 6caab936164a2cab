import type { Codec } from '../codec/index.js';
import type { Broker, Clock, Destination, DestinationSpec, Log } from '../driver/index.js';
import type { Ailments } from './ailments.js';
import type { DeliveryObserver } from './delivery-observer.js';
import type { Encodings } from './encodings.js';
import type { Parcel } from './parcel.js';
import type { PublishHooks } from './publish-hooks.js';
import type { Turns } from './turns.js';

/** Where results and replies leave: one broker's way out. */
export interface Outlet {
  /** The broker's own codec. */
  readonly codec: Codec;
  readonly encodings: Encodings;
  /** What the application adds to whatever is published. */
  readonly hooks?: PublishHooks | undefined;
  /** Throws a MultiBrokerError for what is no destination of this broker. */
  resolve(to: string | Destination): DestinationSpec;
  send(to: DestinationSpec, parcel: Parcel): void;
}

/** What is counted as it happens, as `BrokerHealth.counts` shows it. */
export interface Counts {
  running: number;
  handled: number;
  failed: number;
  rejected: number;
  dropped: number;
  unpublished: number;
}

/** What deliveries of one source broker share. */
export interface DeliveryHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  readonly turns: Turns;
  readonly counts: Counts;
  readonly ailments: Ailments;
  /** What was rejected of late, by binding: no fault of the broker, and worth knowing. */
  readonly rejections: Ailments;
  readonly observer?: DeliveryObserver | undefined;
  /** A message that was passed on this often is taken for a loop. */
  readonly maxHops: number;
  /** The way out of the named broker; undefined where there is none (yet). */
  outlet(broker: string): Outlet | undefined;
}

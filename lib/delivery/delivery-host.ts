import type { Clock, TurnBudget } from '../async/index.js';
import type { Codec } from '../codec/index.js';
import type { Broker, Destination, DestinationSpec, Lane, Logger, Outcome, Outgoing } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { Encodings } from './encodings.js';
import type { HealthIssues } from './lane-health.js';
import type { DeliveryObservers } from './observe.js';
import type { PublishHooks } from './outgoing-headers.js';

/** The way out of one broker, for results and replies. */
export interface Outlet {
  /** The broker's own codec. */
  readonly codec: Codec;
  readonly encodings: Encodings;
  /** Headers that the application adds to every message it publishes. */
  readonly hooks?: PublishHooks | undefined;
  /** @throws MultiBrokerError for a value that is no destination of this broker */
  readonly resolve: (to: string | Destination) => DestinationSpec;
  /** The destination at an address of the server, such as that of a reply: neither mapped nor prefixed. */
  readonly at: (address: string) => DestinationSpec;
  readonly send: (to: DestinationSpec, pending: PendingPublish) => void;
}

/** Counters as `BrokerHealth.counts` shows them: of one handler, or of what else reads on a broker. */
export interface Counts {
  running: number;
  handled: number;
  failed: number;
  rejected: number;
  deadLettered: number;
  dropped: number;
  unpublished: number;
  unmatched: number;
}

/** Settings and services that all deliveries of one source broker, or of one of its bindings, share. */
export interface DeliveryHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly turns: TurnBudget;
  readonly counts: Counts;
  readonly healthIssues: HealthIssues;
  /** Recent rejections by binding: worth knowing, and no degradation of the broker. */
  readonly rejections: HealthIssues;
  /** The application's own object: a listener of diagnostics tells by it whose event it is. */
  readonly application: object;
  /** Who observes the deliveries of the application. */
  readonly observers: DeliveryObservers;
  /** Where no clock moves for a retry in place, it follows at once; its planned delay is traced all the same. */
  readonly retriesAtOnce: boolean;
  /** A message that was passed on this many times is taken for a loop. */
  readonly maxHops: () => number;
  /** The way out of the named broker; undefined while it does not exist. */
  readonly outlet: (broker: string) => Outlet | undefined;
  /** The same with counters of the binding's own; absent where all bindings count together. */
  readonly ofBinding?: (binding: Binding) => DeliveryHost;
}

export function hostOf(binding: Binding, host: DeliveryHost): DeliveryHost {
  return host.ofBinding?.(binding) ?? host;
}

/** Handler and lane whose result is published: the message is settled once that is confirmed. */
export interface PublishSource {
  readonly binding: Pick<Binding, 'handler' | 'broker'>;
  readonly lane: Pick<Lane, 'name'>;
}

/** One message on its way to a broker. */
export interface PendingPublish {
  readonly message: Outgoing;
  /** True: retried with the same bytes until it is confirmed, cannot succeed, or the broker stops. False: one try. */
  readonly persistent: boolean;
  /** For health; undefined for publishes by code and for replies. */
  readonly from?: PublishSource | undefined;
  /** It answers the request that is its message's `origin`. */
  readonly isReply?: boolean | undefined;
  /** Called once. */
  done(outcome: Outcome): void;
}

import type { Broker, Incoming, Lane, Settlement } from '../driver/index.js';
import type { Binding, DeliveryContext } from './binding.js';
import type { Verdict } from './verdict.js';

/** A delivery as an observer sees it: the same object from its first call to its end. */
export interface ObservedDelivery {
  readonly broker: Broker;
  readonly binding: Binding;
  readonly lane: Lane;
  readonly incoming: Incoming;
  /** The observer's own, to find again what it knows of this one; nobody else looks at it. */
  observed: unknown;
}

/**
 * What a delivery waits for by the clock: a further call in place, or its turn to come again at the head of its lane.
 */
export type WaitsFor = 'retry' | 'hold';

/**
 * A test's eyes on deliveries; production has none. Called within the delivery's own steps, so it must not throw. In
 * this order: for each call `called`, `callOver`, and where something failed `failed`, then `waits` if it is called
 * again; `settled` at most once; `ended` when nothing of it runs any more. A message that its handler settles after
 * its end is `settled` after it was `ended`, and a nack by hand may have it `called` again.
 */
export interface DeliveryObserver {
  /** Nobody moves a test's clock for a retry in place: it follows at once, and its planned delay is told to `waits`. */
  readonly retriesAtOnce: boolean;
  /** Decoding, schema, filter and guards belong to the call. */
  called(delivery: ObservedDelivery, context: DeliveryContext): void;
  /** What the handler gave is there, or it failed; publishes of it may follow. */
  callOver(delivery: ObservedDelivery): void;
  /** A call or a publish of its result failed for good. */
  failed(delivery: ObservedDelivery, error: Error, verdict: Verdict): void;
  waits(delivery: ObservedDelivery, what: WaitsFor, ms: number): void;
  settled(delivery: ObservedDelivery, how: Settlement): void;
  ended(delivery: ObservedDelivery): void;
  /** Its lane is gone: it is never settled, and whoever reads next gets the message again. */
  lost(delivery: ObservedDelivery): void;
}

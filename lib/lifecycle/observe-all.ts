import { type DeliveryObserver, observeDeliveries, observeSends, type SendObserver } from '../delivery/index.js';
import { observeRebalances, type RebalanceTrace } from './rebalance-trace.js';
import { MultiBroker } from '../driver/index.js';

/** What is told of an application, at no cost while nobody observes. The caller keeps it: channels hold it weakly. */
export interface Observers {
  readonly deliveries: DeliveryObserver;
  readonly sends: SendObserver;
  rebalanced(trace: RebalanceTrace): void;
}

/** The returned function ends it. */
export function observeAll(application: object, by: Observers): () => void {
  const ends = [
    observeDeliveries(application, by.deliveries),
    observeSends(application, by.sends),
    observeRebalances(application, (trace) => by.rebalanced(trace)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/**
 * Token of the application's brokers for classes of this package that only look at them. A class that injects MultiBroker
 * may publish, and then every message is followed through its handler.
 */
export const OBSERVED_BROKERS = Symbol('nestjs-multi-broker:observed');

/** An alias, which the search for such classes passes over. */
export const observedBrokers = { provide: OBSERVED_BROKERS, useExisting: MultiBroker } as const;

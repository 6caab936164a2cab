import { type DeliveryObserver, observeDeliveries, observeSends, type SendObserver } from '../delivery/index.js';
import { observeRebalances, type RebalanceTrace } from './rebalance-trace.js';

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

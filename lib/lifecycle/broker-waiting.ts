import type { NextTry, WaitingLane } from '../delivery/index.js';
import type { ManagedBroker } from './managed-broker.js';
import type { HeldSource, PendingBindings } from './pending-bindings.js';

/** Pending work of one broker. */
export interface BrokerWaiting {
  readonly broker: string;
  readonly lanes: readonly WaitingLane[];
  readonly tries: readonly NextTry[];
  /** Its sources that are not read because a broker that they publish to is not up. */
  readonly held: readonly HeldSource[];
}

/** Messages, publishes to be retried, and sources that wait for a target, of each broker. */
export function waitingOf(
  brokers: readonly ManagedBroker[],
  pending: Pick<PendingBindings, 'heldOf'>,
): readonly BrokerWaiting[] {
  return brokers.map(({ name, activeSources, outbox }) => {
    return { broker: name, lanes: activeSources.waiting(), tries: outbox.nextTries(), held: pending.heldOf(name) };
  });
}

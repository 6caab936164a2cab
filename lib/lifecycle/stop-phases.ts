import type { Log } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { Deadline } from './deadline.js';
import type { ManagedBroker } from './managed-broker.js';

/**
 * Phases 1 and 2 over all brokers: every source stops taking; handlers in flight finish, with their publishes and
 * settlements, until the targets confirmed. What is not done within the deadline is abandoned, named, and not
 * acknowledged. Never rejects.
 */
export async function drainAll(brokers: readonly ManagedBroker[], deadline: Deadline, log: Log): Promise<void> {
  const readings = brokers.flatMap((broker) => [...broker.readings]);
  await deadline.within(Promise.all(readings.map((reading) => reading.quiet())));
  await deadline.within(Promise.all(readings.map((reading) => reading.drained())));
  await deadline.within(Promise.all(brokers.map(({ outbox }) => outbox.settled())));
  abandon(brokers, log);
}

/** Phase 3: the servers know every settlement. Never rejects. */
export async function flushAll(brokers: readonly ManagedBroker[], deadline: Deadline): Promise<void> {
  const readings = brokers.flatMap((broker) => [...broker.readings]);
  await deadline.within(Promise.all(readings.map((reading) => reading.flush())));
}

/** Phase 4: all sources are left, what is unsettled goes back, all connections end. Never rejects. */
export async function disconnectAll(brokers: readonly ManagedBroker[], deadline: Deadline): Promise<void> {
  const left = Promise.all(brokers.map((broker) => disconnect(broker)));
  await deadline.within(left);
}

async function disconnect(broker: ManagedBroker): Promise<void> {
  await Promise.all([...broker.readings].map((reading) => reading.close()));
  broker.readings.clear();
  await broker.connection.close();
}

function abandon(brokers: readonly ManagedBroker[], log: Log): void {
  const names = brokers.flatMap((broker) => [...broker.readings].flatMap((reading) => reading.abandon()));
  const unsent = brokers.filter(({ outbox }) => outbox.pending > 0);
  for (const { outbox } of unsent) outbox.abandon();
  const all = [...names, ...unsent.map(({ name, outbox }) => `${String(outbox.pending)} publish(es) to '${name}'`)];
  if (all.length === 0) return;
  const what = `The stop ran out of time. Abandoned: ${all.slice(0, 20).join(', ')}${all.length > 20 ? ', …' : ''}`;
  log.error(new MultiBrokerError('MULTI_BROKER_STOP_INCOMPLETE', what).message);
}

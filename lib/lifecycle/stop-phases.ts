import type { Logger } from '../driver/index.js';
import type { Deadline } from '../async/index.js';
import type { ManagedBroker } from './managed-broker.js';
import { type Budget, finishWork, giveUp, logAbandoned, within } from './stop-source.js';

/**
 * Phases 1 to 3 over all brokers: every source stops fetching; handlers in flight finish, and their publishes are
 * confirmed; settlements are flushed to the servers. Work that is not done in time is abandoned: it is named in the log
 * and not acknowledged. Handlers get most of the budget; the rest is reserved for flushing. Never rejects.
 *
 * @param rollsBack the start has failed: paused handlers are not called
 */
export async function drainAll(
  brokers: readonly ManagedBroker[],
  budget: Budget,
  log: Logger,
  rollsBack = false,
): Promise<void> {
  const sources = brokers.flatMap((broker) => [...broker.activeSources]);
  const working = budget(0.7);
  await finishWork(sources, working, rollsBack);
  await working.within(Promise.all(brokers.map(({ outbox }) => outbox.settled())));
  working.clear();
  logAbandoned([...giveUp(sources), ...giveUpPublishes(brokers)], log);
  await within(budget(0.1), () => Promise.all(sources.map((active) => active.flush())));
}

/** Phase 4: unsubscribes all sources, hands unsettled messages back, and ends all connections. Never rejects. */
export async function disconnectAll(brokers: readonly ManagedBroker[], budget: Budget): Promise<void> {
  if (brokers.some(({ outbox }) => outbox.pending > 0))
    await within(budget(0.05), () => Promise.all(brokers.map(({ outbox }) => outbox.settled())));
  // No publish is retried from now on: its timer would keep the process alive.
  for (const { outbox } of brokers) outbox.abandon();
  // A connection ends even if its sources do not close in time: an open socket would keep the process alive.
  const leaving = budget(0.1);
  await within(budget(0.15), () => Promise.all(brokers.map((broker) => disconnect(broker, leaving))));
  leaving.clear();
}

/** Ends all connections without phases: running handlers are cut off, and waiting messages are forgotten. */
export async function killAll(brokers: readonly ManagedBroker[]): Promise<void> {
  for (const { outbox, activeSources, dynamicSubscriptions, handlerStates } of brokers) {
    dynamicSubscriptions.forgetPauses();
    handlerStates.forgetPauses();
    outbox.abandon();
    giveUp([...activeSources]);
    activeSources.clear();
  }
  await Promise.all(brokers.map(({ connection }) => connection.close()));
  await Promise.all(brokers.map(({ outbox }) => outbox.settled()));
}

async function disconnect(broker: ManagedBroker, leaving: Deadline): Promise<void> {
  await leaving.within(Promise.all([...broker.activeSources].map((active) => active.close())));
  broker.activeSources.clear();
  await broker.connection.close();
}

function giveUpPublishes(brokers: readonly ManagedBroker[]): string[] {
  return brokers.flatMap(({ name, outbox }) => {
    const { pending } = outbox;
    if (pending === 0) return [];
    outbox.abandon();
    return [`${String(pending)} publish(es) to '${name}'`];
  });
}

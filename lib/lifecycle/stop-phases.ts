import type { Log } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { BrokerHost } from './broker-host.js';
import type { Deadline } from './deadline.js';
import type { ManagedBroker } from './managed-broker.js';
import type { Reading } from './reading.js';

type Budget = BrokerHost['stopDeadline'];

/**
 * Phases 1 to 3 over all brokers: every source stops taking; handlers in flight finish, with their publishes and
 * settlements, until the targets confirmed; the servers know every settlement. What is not done in time is abandoned,
 * named, and not acknowledged. Most of the budget is the handlers'; the rest is kept, so that what they settled still
 * reaches the servers. Never rejects.
 *
 * @param rollsBack a start has failed: nothing that is paused is called
 */
export async function drainAll(
  brokers: readonly ManagedBroker[],
  budget: Budget,
  log: Log,
  rollsBack = false,
): Promise<void> {
  const readings = brokers.flatMap((broker) => [...broker.readings]);
  const working = budget(0.7);
  await finishWork(readings, working, rollsBack);
  await working.within(Promise.all(brokers.map(({ outbox }) => outbox.settled())));
  working.clear();
  tellAbandoned([...giveUp(readings), ...giveUpPublishes(brokers)], log);
  await within(budget(0.1), () => Promise.all(readings.map((reading) => reading.flush())));
}

/** All phases, for one subscription alone. Never rejects. */
export async function stopReading(reading: Reading, budget: Budget, log: Log): Promise<void> {
  const working = budget(0.7);
  await finishWork([reading], working);
  working.clear();
  tellAbandoned(giveUp([reading]), log);
  await within(budget(0.1), () => reading.flush());
  await within(budget(0.2), () => reading.close());
}

/** Phase 4: all sources are left, what is unsettled goes back, all connections end. Never rejects. */
export async function disconnectAll(brokers: readonly ManagedBroker[], budget: Budget): Promise<void> {
  await within(budget(0.05), () => Promise.all(brokers.map(({ outbox }) => outbox.settled())));
  // Nothing is tried again from now on: a timer for it would keep the process.
  for (const { outbox } of brokers) outbox.abandon();
  // A connection ends although its sources are not left in time: an open socket would keep the process.
  const leaving = budget(0.1);
  await within(budget(0.15), () => Promise.all(brokers.map((broker) => disconnect(broker, leaving))));
  leaving.clear();
}

/** No phases: what runs is cut off, what waits is forgotten, and all connections end. */
export async function killAll(brokers: readonly ManagedBroker[]): Promise<void> {
  for (const { outbox, readings, byHand } of brokers) {
    byHand.forgetPauses();
    outbox.abandon();
    giveUp([...readings]);
    readings.clear();
  }
  await Promise.all(brokers.map(({ connection }) => connection.close()));
  await Promise.all(brokers.map(({ outbox }) => outbox.settled()));
}

async function disconnect(broker: ManagedBroker, leaving: Deadline): Promise<void> {
  await leaving.within(Promise.all([...broker.readings].map((reading) => reading.close())));
  broker.readings.clear();
  await broker.connection.close();
}

async function finishWork(readings: readonly Reading[], deadline: Deadline, rollsBack = false): Promise<void> {
  await deadline.within(Promise.all(readings.map((reading) => reading.quiet(rollsBack))));
  await deadline.within(Promise.all(readings.map((reading) => reading.drained())));
}

async function within(deadline: Deadline, act: () => Promise<unknown>): Promise<void> {
  await deadline.within(act());
  deadline.clear();
}

function giveUp(readings: readonly Reading[]): string[] {
  return readings.flatMap((reading) => reading.abandon());
}

function giveUpPublishes(brokers: readonly ManagedBroker[]): string[] {
  return brokers.flatMap(({ name, outbox }) => {
    const { pending } = outbox;
    if (pending === 0) return [];
    outbox.abandon();
    return [`${String(pending)} publish(es) to '${name}'`];
  });
}

function tellAbandoned(names: readonly string[], log: Log): void {
  if (names.length === 0) return;
  const listed = `${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
  const what = `The stop ran out of time. Abandoned: ${listed}`;
  log.error(new MultiBrokerError('MULTI_BROKER_STOP_INCOMPLETE', what).message);
}

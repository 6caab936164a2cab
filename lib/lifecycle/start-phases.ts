import { LazyAbortController } from '../async/index.js';
import type { Binding } from '../delivery/index.js';
import type { Logger } from '../driver/index.js';
import { allArrivals, arrivalOf, type OptionalBrokerWait } from './optional-brokers.js';
import type { ManagedBroker } from './managed-broker.js';
import { everyBroker, phases, readPhase } from './source-start.js';
import type { PendingBindings } from './pending-bindings.js';

/** Bindings that a start leaves to retries, and its time limit for optional brokers. */
interface OptionalWaits {
  readonly pending: PendingBindings;
  readonly grace: OptionalBrokerWait;
}

/** Whether the application can start without this broker. */
export function isOptional({ definition }: ManagedBroker): boolean {
  return definition.critical === false;
}

/**
 * Phase 1: connects all brokers in parallel. Those with `critical: false` do not hold up the others: the start
 * waits for them briefly, then they keep retrying on their own. A critical broker is retried until the deadline.
 *
 * @throws BrokerStartError that names each critical broker that failed and why.
 */
export async function connectAll(
  brokers: readonly ManagedBroker[],
  signal: AbortSignal,
  grace: OptionalBrokerWait,
): Promise<void> {
  const later = brokers.filter(isOptional);
  const coming = later.map(({ connection }) => arrivalOf((tried) => connection.keepTrying(tried)));
  const critical = brokers.filter((broker) => !isOptional(broker));
  // A permanent failure ends the start, so there is no point in retrying the others.
  const giveUp = new LazyAbortController();
  await everyBroker(critical, (broker) =>
    broker.connection.connectInTime(signal, giveUp).catch((thrown: unknown) => {
      giveUp.abort(() => thrown);
      throw thrown;
    }),
  );
  if (later.length > 0) await grace.waitFor(allArrivals(coming));
}

/**
 * Phases 2 and 3: subscribes the sources that keep nothing for an absent reader (core NATS), then the durable ones. No
 * handler is called before all of them read: it may publish to a source that has yet to fix its initial offset, or to
 * a stream that another source creates. Sources of optional brokers are retried by {@link PendingBindings}.
 *
 * @throws BrokerStartError that names each critical broker that failed and why.
 */
export async function readAll(
  brokers: readonly ManagedBroker[],
  bindings: readonly Binding[],
  signal: AbortSignal,
  { pending, grace }: OptionalWaits,
): Promise<void> {
  const critical = brokers.filter((broker) => !isOptional(broker));
  const later = new Set(brokers.filter(isOptional).map(({ name }) => name));
  for (const phase of phases(bindings)) {
    const optional = phase.filter(({ broker }) => later.has(broker));
    const coming = optional.length > 0 && arrivalOf((tried) => pending.keepTrying(optional, tried));
    await readPhase(critical, phase, signal);
    if (coming !== false) await grace.waitFor(coming);
  }
}

/**
 * After a kill or a failed start, restores the application's explicit subscriptions before its sources start. Those of
 * optional brokers are retried by {@link PendingBindings}.
 *
 * @throws BrokerStartError
 */
export async function restoreDynamicSubscriptions(
  brokers: readonly ManagedBroker[],
  signal: AbortSignal,
  { pending, grace }: OptionalWaits,
): Promise<void> {
  const waiting = brokers.filter(
    ({ dynamicSubscriptions, connection }) => dynamicSubscriptions.hasStopped && connection.driver !== undefined,
  );
  const later = waiting.filter(isOptional);
  const coming = later.map((broker) => arrivalOf((tried) => pending.restoreDynamicSubscriptions(broker, tried)));
  const critical = waiting.filter((broker) => !isOptional(broker));
  await everyBroker(critical, async (broker) => broker.restoreDynamicSubscriptions(signal));
  if (later.length > 0) await grace.waitFor(allArrivals(coming));
}

/** Logs which brokers are up and which are still awaited. */
export function logStarted(log: Logger, brokers: readonly ManagedBroker[], waiting: readonly string[]): void {
  const up = brokers.filter(({ connection }) => connection.driver !== undefined).map(({ name }) => `'${name}'`);
  log.info(`Started: ${up.join(', ') || 'no broker'}`);
  for (const { name, connection } of brokers) {
    if (connection.driver === undefined) log.warn(`Broker '${name}' is not up yet: ${connection.cause?.message ?? ''}`);
  }
  if (waiting.length > 0) log.warn(`Handlers that wait for a broker: ${waiting.join(', ')}`);
}

import type { Binding } from '../delivery/index.js';
import type { Log } from '../driver/index.js';
import { asError, BrokerStartError, type StartFailure } from '../errors/index.js';
import type { ManagedBroker } from './managed-broker.js';

/**
 * Phase 1: connects all brokers in parallel. Those with `critical: false` do not hold up the others: they get
 * `graceMs`, then come later by themselves.
 *
 * @throws BrokerStartError that names each critical broker that failed and why.
 */
export async function connectAll(
  brokers: readonly ManagedBroker[],
  signal: AbortSignal,
  grace: Promise<void>,
): Promise<void> {
  const later = brokers.filter(({ definition }) => definition.critical === false);
  const trying = Promise.all(later.map((broker) => broker.connection.keepTrying()));
  const critical = brokers.filter((broker) => !later.includes(broker));
  await everyBroker(critical, (broker) => broker.connection.connect(signal));
  await Promise.race([trying, grace]);
}

/**
 * Phases 2 and 3: what keeps nothing while nobody reads (core NATS) is subscribed first, then the durable sources:
 * a durable source may deliver at once what its handler publishes to the other kind.
 */
export async function readAll(
  brokers: readonly ManagedBroker[],
  bindings: readonly Binding[],
  signal: AbortSignal,
): Promise<void> {
  for (const durable of [false, true]) {
    const phase = bindings.filter(({ source }) => source.durable === durable);
    await everyBroker(brokers, (broker) =>
      broker.read(
        phase.filter((binding) => binding.broker === broker.name),
        signal,
      ),
    );
  }
}

async function everyBroker(
  brokers: readonly ManagedBroker[],
  act: (broker: ManagedBroker) => Promise<unknown>,
): Promise<void> {
  const results = await Promise.allSettled(brokers.map(async (broker) => act(broker)));
  const failures = results.flatMap((result, index): StartFailure[] => {
    if (result.status === 'fulfilled') return [];
    return [{ broker: brokers[index]?.name ?? '', error: asError(result.reason) }];
  });
  if (failures.length > 0) throw new BrokerStartError(failures);
}

/** Tells what is up and what is still waited for. */
export function tellStarted(log: Log, brokers: readonly ManagedBroker[], waiting: readonly string[]): void {
  const up = brokers.filter(({ connection }) => connection.driver !== undefined).map(({ name }) => `'${name}'`);
  log.info(`Started: ${up.join(', ') || 'no broker'}`);
  if (waiting.length > 0) log.warn(`Handlers that wait for a broker: ${waiting.join(', ')}`);
}

import type { Binding } from '../delivery/index.js';
import { asError, BrokerStartError, type StartFailure } from '../errors/index.js';
import type { ManagedBroker } from './managed-broker.js';

/**
 * Subscribes sources after the start, without retries.
 *
 * @throws BrokerStartError that names each broker that failed and why.
 */
export async function readNow(
  brokers: readonly ManagedBroker[],
  bindings: readonly Binding[],
  signal: AbortSignal,
): Promise<void> {
  for (const phase of phases(bindings)) await readPhase(brokers, phase, signal);
}

export function phases(bindings: readonly Binding[]): Binding[][] {
  return [false, true].map((durable) => bindings.filter(({ source }) => source.durable === durable));
}

export function readPhase(
  brokers: readonly ManagedBroker[],
  phase: readonly Binding[],
  signal: AbortSignal,
): Promise<void> {
  const reading = brokers.filter(({ name }) => phase.some(({ broker }) => broker === name));
  if (reading.length === 0) return Promise.resolve();
  return everyBroker(reading, (broker) =>
    broker.read(
      phase.filter((binding) => binding.broker === broker.name),
      signal,
    ),
  );
}

export async function everyBroker(
  brokers: readonly ManagedBroker[],
  act: (broker: ManagedBroker) => Promise<unknown>,
): Promise<void> {
  const results = await Promise.allSettled(brokers.map((broker) => act(broker)));
  const failures = results.flatMap((result, index): StartFailure[] => {
    if (result.status === 'fulfilled') return [];
    return [{ broker: brokers[index]?.name ?? '', error: asError(result.reason) }];
  });
  if (failures.length > 0) throw new BrokerStartError(failures);
}

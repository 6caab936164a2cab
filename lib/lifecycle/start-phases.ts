import type { Binding } from '../delivery/index.js';
import type { Log } from '../driver/index.js';
import { asError, BrokerStartError, type StartFailure } from '../errors/index.js';
import { allOf, comingBy, type Grace } from './grace.js';
import type { ManagedBroker } from './managed-broker.js';
import type { WaitingRoom } from './waiting-room.js';

/** What a start does without, for a while. */
interface Later {
  readonly room: WaitingRoom;
  readonly grace: Grace;
}

/** Whether the application does without it until it comes. */
export function mayComeLater({ definition }: ManagedBroker): boolean {
  return definition.critical === false;
}

/**
 * Phase 1: connects all brokers in parallel. Those with `critical: false` do not hold up the others: they get some
 * grace, then come later by themselves. A critical one whose server is not there yet is waited for until the deadline.
 *
 * @throws BrokerStartError that names each critical broker that failed and why.
 */
export async function connectAll(brokers: readonly ManagedBroker[], signal: AbortSignal, grace: Grace): Promise<void> {
  const later = brokers.filter(mayComeLater);
  const coming = later.map(({ connection }) => comingBy((tried) => connection.keepTrying(tried)));
  const critical = brokers.filter((broker) => !mayComeLater(broker));
  // One that fails for good ends the start: then nothing that may come is waited for.
  const giveUp = new AbortController();
  await everyBroker(critical, (broker) =>
    broker.connection.connectInTime(signal, giveUp.signal).catch((thrown: unknown) => {
      giveUp.abort();
      throw thrown;
    }),
  );
  if (later.length > 0) await grace.waitFor(allOf(coming));
}

/**
 * Phases 2 and 3: what keeps nothing while nobody reads (core NATS) is subscribed first, then the durable sources. No
 * handler is called before all of them read: what it publishes may be for a source that has yet to fix where it
 * begins, or for a stream that such a one makes. A source of a broker that may come later is tried again by the
 * waiting room.
 *
 * @throws BrokerStartError that names each critical broker that failed and why.
 */
export async function readAll(
  brokers: readonly ManagedBroker[],
  bindings: readonly Binding[],
  signal: AbortSignal,
  { room, grace }: Later,
): Promise<void> {
  const critical = brokers.filter((broker) => !mayComeLater(broker));
  const later = new Set(brokers.filter(mayComeLater).map(({ name }) => name));
  for (const phase of phases(bindings)) {
    const optional = phase.filter(({ broker }) => later.has(broker));
    const coming = comingBy((tried) => room.keepTrying(optional, tried));
    await readPhase(critical, phase, signal);
    if (optional.length > 0) await grace.waitFor(coming);
  }
}

/**
 * After a kill, or a start that failed: what the application has subscribed to by hand, before its sources begin, as by
 * its own start. That of a broker that may come later is tried again by the waiting room.
 *
 * @throws BrokerStartError
 */
export async function readByHandAgain(
  brokers: readonly ManagedBroker[],
  signal: AbortSignal,
  { room, grace }: Later,
): Promise<void> {
  const waiting = brokers.filter(({ byHand, connection }) => byHand.waits && connection.driver !== undefined);
  const later = waiting.filter(mayComeLater);
  const coming = later.map((broker) => comingBy((tried) => room.keepTryingByHand(broker, tried)));
  const critical = waiting.filter((broker) => !mayComeLater(broker));
  await everyBroker(critical, async (broker) => broker.readByHandAgain(signal));
  if (later.length > 0) await grace.waitFor(allOf(coming));
}

/**
 * As {@link readAll} for sources that begin after the start: they begin, or their brokers are named in a
 * BrokerStartError.
 */
export async function readNow(
  brokers: readonly ManagedBroker[],
  bindings: readonly Binding[],
  signal: AbortSignal,
): Promise<void> {
  for (const phase of phases(bindings)) await readPhase(brokers, phase, signal);
}

function phases(bindings: readonly Binding[]): Binding[][] {
  return [false, true].map((durable) => bindings.filter(({ source }) => source.durable === durable));
}

function readPhase(brokers: readonly ManagedBroker[], phase: readonly Binding[], signal: AbortSignal): Promise<void> {
  return everyBroker(brokers, (broker) =>
    broker.read(
      phase.filter((binding) => binding.broker === broker.name),
      signal,
    ),
  );
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
  for (const { name, connection } of brokers) {
    if (connection.driver === undefined) log.warn(`Broker '${name}' is not up yet: ${connection.cause?.message ?? ''}`);
  }
  if (waiting.length > 0) log.warn(`Handlers that wait for a broker: ${waiting.join(', ')}`);
}

import { type Clock, untilAborted, within } from '../async/index.js';
import type {
  Broker,
  BrokerDefinition,
  BrokerUse,
  DestinationSpec,
  Driver,
  DriverContext,
  Finding,
  Topology,
  TopologyTarget,
} from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import { ManagedBroker } from './managed-broker.js';

/** The definition that a broker was made of. */
export function definitionOf(broker: Broker): BrokerDefinition {
  if (broker instanceof ManagedBroker) return broker.definition;
  throw errorOf('MULTI_BROKER_UNKNOWN_BROKER.asked', { broker: broker.name, hint: 'it is not of this application' });
}

/** What the handlers of an application use of one broker. */
export function useOf(broker: string, { handlers }: Topology): BrokerUse {
  const read = handlers.filter((handler) => handler.broker === broker);
  const specsOf = (targets: readonly (TopologyTarget | undefined)[]): DestinationSpec[] =>
    targets.flatMap((target) => (target?.broker === broker ? (target.destination.spec ?? []) : []));
  const letters = handlers.flatMap(({ deadLetter }) => deadLetter ?? []);
  return {
    sources: read.map(({ source }) => source.spec),
    destinations: specsOf(handlers.flatMap(({ publishTo, deadLetter }) => [...publishTo, deadLetter])),
    lettersOfEach: specsOf(letters.filter(({ ofEach }) => ofEach)),
    // Others may answer, too, if what reaches them is a request.
    answered: read.filter(({ replies }) => replies === 'always').map(({ source }) => source.spec),
  };
}

/**
 * Compares what is used with what the broker's server has, without a start. Undefined where the driver cannot compare.
 * Rejects where the server cannot be asked, and with the signal's reason, whatever the driver makes of the signal.
 */
export async function inspect(
  definition: BrokerDefinition,
  use: BrokerUse,
  services: Pick<DriverContext, 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<readonly Finding[] | undefined> {
  const driver = await untilAborted(definition.driver(), signal);
  const context = { ...services, broker: definition.name, state: (): void => undefined, shared: made };
  try {
    return await untilAborted(inspecting(driver, context, use, signal), signal);
  } finally {
    await closed(driver, services.clock);
  }
}

/** How long a driver may take to close: what it has found is told without. */
const CLOSE_MS = 2_000;

// Async, so that what a driver throws at once is a rejection.
const inspecting = async (driver: Driver, ...args: Parameters<NonNullable<Driver['inspect']>>) =>
  driver.inspect?.(...args);

async function closed(driver: Driver, clock: Clock): Promise<void> {
  const closing = async (): Promise<void> => driver.close();
  await within(clock, closing(), CLOSE_MS);
}

/** A driver that only compares shares nothing with others. */
const made = <T>(_key: string, make: () => T): T => make();

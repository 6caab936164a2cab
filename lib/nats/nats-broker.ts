import type { BrokerDefinition, Destination, Driver, Source, SourceSpec } from '../driver/index.js';
import { clash } from './clash.js';
import { destinationSpec, type NatsDestinationSpec } from './destination-spec.js';
import type { StreamDestination } from './destinations.js';
import { loadClient } from './load-client.js';
import { type NatsBrokerOptions, settings } from './options.js';
import { optionProblems } from './problems.js';
import { type NatsSourceSpec, SETTINGS, sourceSpec } from './source-spec.js';
import { type StreamOptions, type StreamSource, subject, type SubjectOptions, type SubjectSource } from './sources.js';

declare module '../driver/index.js' {
  interface BrokerKinds {
    nats: {
      source: SubjectSource | StreamSource;
      destination: StreamDestination;
      settings: SubjectOptions & Partial<Omit<StreamOptions, 'filter'>>;
    };
  }
}

/** What {@link natsBroker} returns. */
export interface NatsBrokerDefinition extends BrokerDefinition<'nats'> {
  source(from: string | Source): NatsSourceSpec;
  destination(to: string | Destination): NatsDestinationSpec;
}

/**
 * Defines a NATS broker. Nothing is dialled and the `nats` client is not loaded before the broker connects. The
 * client's options, which hold credentials, are kept where neither printing nor JSON finds them.
 */
export function natsBroker(options: NatsBrokerOptions): NatsBrokerDefinition {
  const known = settings(options);
  // Once: one definition serves all tests of a file.
  let problems: readonly string[] | undefined;
  return {
    name: options.name,
    kind: 'nats',
    options: known,
    critical: options.critical,
    problems: () => (problems ??= optionProblems(options)),
    source: (from) => sourceSpec(from, known),
    sourceOptions: { names: SETTINGS, of: subject },
    destination: (to) => destinationSpec(to, known),
    clash: (one: SourceSpec, other: SourceSpec) => clash(one as NatsSourceSpec, other as NatsSourceSpec),
    driver: () => makeDriver(options),
    twin: async () => (await loadTwin()).createNatsTwin(known),
  };
}

let twinLoaded: Promise<typeof import('./twin/index.js')> | undefined;

/** Node resolves an import anew each time, which costs a test more than the twin itself. */
function loadTwin(): Promise<typeof import('./twin/index.js')> {
  return (twinLoaded ??= import('./twin/index.js'));
}

async function makeDriver(options: NatsBrokerOptions): Promise<Driver> {
  const client = await loadClient(options.name);
  const { createNatsDriver } = await import('./driver/index.js');
  return createNatsDriver(client, options);
}

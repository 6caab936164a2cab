import { defineKind, type Driver, type KindDefinition, withoutClient } from '../driver/index.js';
import { describeDestination, describeServer, describeSource } from './describe.js';
import { destinationSpec, type NatsDestinationSpec, type StreamDestination } from './destination-spec.js';
import { loadClient } from './load-client.js';
import { type NatsBrokerOptions, type NatsSettings, validateOptions } from './options.js';
import { keptBy, origin, readBy } from './kept-source.js';
import { natsNeeds } from './needs.js';
import { conflict, feeds, type NatsSourceSpec, SETTINGS, sourceSpec } from './source-spec.js';
import {
  prefixedSource,
  type StreamOptions,
  type StreamSource,
  subject,
  type SubjectOptions,
  type SubjectSource,
} from './sources.js';

declare module '../driver/index.js' {
  interface BrokerKinds {
    nats: {
      source: SubjectSource | StreamSource;
      destination: StreamDestination;
      settings: SubjectOptions & Partial<Omit<StreamOptions, 'filter'>>;
    };
  }
}

/** Definition of a NATS broker, made by {@link natsBroker}. */
export type NatsBrokerDefinition = KindDefinition<'nats', NatsSettings, NatsSourceSpec, NatsDestinationSpec>;

const defineNats = defineKind<'nats', NatsBrokerOptions, NatsSettings, NatsSourceSpec, NatsDestinationSpec>({
  kind: 'nats',
  settings: withoutClient,
  validate: validateOptions,
  source: sourceSpec,
  sourceOptions: { names: SETTINGS, of: subject },
  prefixed: prefixedSource,
  destination: destinationSpec,
  conflict,
  feeds,
  readBy,
  keptBy,
  origin,
  serverHeaders: 'nats-',
  describe: describeServer,
  describeSource,
  describeDestination,
  needs: natsNeeds,
  driver: makeDriver,
  loadTwin: async () => {
    const { NatsTwin } = await import('./twin/nats-twin.js');
    return ({ name }) => new NatsTwin(name);
  },
});

/**
 * Defines a NATS broker. Nothing is dialled and no client is loaded before the broker connects. The
 * client's options, which hold credentials, are kept where neither printing nor JSON finds them.
 */
export function natsBroker(options: NatsBrokerOptions): NatsBrokerDefinition {
  return defineNats(options);
}

async function makeDriver(options: NatsBrokerOptions): Promise<Driver> {
  const client = await loadClient(options.name, options.library);
  const { NatsDriver } = await import('./driver/nats-driver.js');
  return new NatsDriver(client, options);
}

import type { BrokerDefinition, Destination, Driver, Source, SourceSpec } from '../driver/index.js';
import { clash } from './clash.js';
import { destinationSpec, type KafkaDestinationSpec } from './destination-spec.js';
import { loadClient } from './load-client.js';
import { type KafkaBrokerOptions, type KafkaSettings, settings } from './options.js';
import { optionProblems } from './problems.js';
import { type KafkaSourceSpec, sourceSpec, TOPIC_OPTIONS } from './source-spec.js';
import { topic, type TopicOptions, type TopicSource } from './topic.js';

declare module '../driver/index.js' {
  interface BrokerKinds {
    kafka: { source: TopicSource; destination: never; settings: TopicOptions };
  }
}

/** What {@link kafkaBroker} returns. */
export interface KafkaBrokerDefinition extends BrokerDefinition<'kafka'> {
  readonly options: KafkaSettings;
  source(from: string | Source): KafkaSourceSpec;
  destination(to: string | Destination): KafkaDestinationSpec;
}

/**
 * Defines a Kafka broker. Nothing is dialled and kafkajs is not loaded before the broker connects. The client's
 * options, which hold credentials, are kept where neither printing nor JSON finds them.
 */
export function kafkaBroker(options: KafkaBrokerOptions): KafkaBrokerDefinition {
  const known = settings(options);
  // Once: one definition serves all tests of a file.
  let problems: readonly string[] | undefined;
  return {
    name: options.name,
    kind: 'kafka',
    options: known,
    critical: options.critical,
    problems: () => (problems ??= optionProblems(options)),
    source: (from) => sourceSpec(from, known),
    sourceOptions: { names: Object.keys(TOPIC_OPTIONS), of: topic },
    destination: (to) => destinationSpec(to, known),
    clash: (one: SourceSpec, other: SourceSpec) => clash(one as KafkaSourceSpec, other as KafkaSourceSpec),
    driver: () => makeDriver(options),
    twin: async () => (await loadTwin()).createKafkaTwin(known),
  };
}

let twinLoaded: Promise<typeof import('./twin/index.js')> | undefined;

/** Node resolves an import anew each time, which costs a test more than the twin itself. */
function loadTwin(): Promise<typeof import('./twin/index.js')> {
  return (twinLoaded ??= import('./twin/index.js'));
}

async function makeDriver(options: KafkaBrokerOptions): Promise<Driver> {
  const client = await loadClient(options.name);
  const { createKafkaDriver } = await import('./driver/index.js');
  return createKafkaDriver(client, options);
}

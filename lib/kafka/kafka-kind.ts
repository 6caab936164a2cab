import { defineKind, type Driver, type KindDefinition, type ServerDescription } from '../driver/index.js';
import { describeSource, describeTopic } from './describe.js';
import { destinationSpec, type KafkaDestinationSpec } from './destination-spec.js';
import { kafkaNeeds } from './needs.js';
import type { KafkaCommonSettings } from './settings.js';
import {
  clash,
  feeds,
  type KafkaSourceSpec,
  keptBy,
  origin,
  readBy,
  sourceSpec,
  TOPIC_OPTIONS,
} from './source-spec.js';
import { prefixedTopic, topic, type TopicOptions, type TopicSource } from './topic.js';

declare module '../driver/index.js' {
  interface BrokerKinds {
    kafka: { source: TopicSource; destination: never; settings: TopicOptions };
  }
}

/** Definition of a Kafka broker with the settings of its client. */
export type KafkaDefinition<Settings extends KafkaCommonSettings> = KindDefinition<
  'kafka',
  Settings,
  KafkaSourceSpec,
  KafkaDestinationSpec
>;

/** What a client of Kafka adds to the kind. */
export interface KafkaKind<Options extends Settings, Settings extends KafkaCommonSettings> {
  /** See `Kind.settings`. */
  settings(options: Options): Settings;
  /** See `Kind.validate`. */
  validate(options: Options): readonly string[];
  /** See `Kind.describe`. */
  describe(options: Options): ServerDescription;
  /** See `Kind.driver`. */
  driver(options: Options): Promise<Driver>;
}

/** Creates the function by which users define a broker of one client: sources, destinations and twin are the same for all. */
export function kafkaKind<Options extends Settings, Settings extends KafkaCommonSettings>(
  client: KafkaKind<Options, Settings>,
): (options: Options) => KafkaDefinition<Settings> {
  return defineKind<'kafka', Options, Settings, KafkaSourceSpec, KafkaDestinationSpec>({
    ...client,
    kind: 'kafka',
    source: sourceSpec,
    sourceOptions: { names: Object.keys(TOPIC_OPTIONS), of: topic },
    prefixed: prefixedTopic,
    destination: destinationSpec,
    conflict: clash,
    feeds,
    readBy,
    keptBy,
    origin,
    describeSource,
    describeDestination: ({ address, placeholders }, settings) =>
      placeholders === undefined ? describeTopic(address, settings) : {},
    needs: kafkaNeeds,
    loadTwin: async () => {
      const { KafkaTwin } = await import('./twin/kafka-twin.js');
      return (settings) => new KafkaTwin(settings);
    },
  });
}

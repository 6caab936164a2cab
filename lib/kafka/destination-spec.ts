import {
  addressOf,
  type Destination,
  type DestinationSpec,
  filledPath,
  isPath,
  placeholdersOf,
} from '../driver/index.js';
import { errorOf, requireName } from '../errors/index.js';
import type { KafkaCommonSettings } from './settings.js';
import { refuseBadTopic } from './topic.js';

/** A topic to write to, resolved for one broker. */
export interface KafkaDestinationSpec extends DestinationSpec {
  readonly kind: 'kafka';
  /** Kafka has no dedupe by id: a repeated message is a second one. */
  readonly dedupes: false;
}

/** Resolves where a message goes. Throws MULTI_BROKER_WRONG_KIND or MULTI_BROKER_ADDRESS_INVALID. */
export function destinationSpec(to: string | Destination, broker: KafkaCommonSettings): KafkaDestinationSpec {
  requireName(to, 'the topic', { broker: broker.name });
  if (typeof to !== 'string') {
    throw errorOf('MULTI_BROKER_WRONG_KIND.kafkaDestination', { broker: broker.name, kind: to.kind });
  }
  const address = addressOf(to, broker.addresses, broker.prefix);
  refuseBadTopic(address, broker.name);
  return isPath(address) ? pathSpec(address, broker.name) : topicSpec(address);
}

function topicSpec(address: string): KafkaDestinationSpec {
  return { kind: 'kafka', name: `topic ${address}`, address, dedupes: false };
}

function pathSpec(path: string, broker: string): KafkaDestinationSpec {
  const isToken = (value: string): boolean => /^[a-zA-Z0-9_-]+$/.test(value);
  const fill: KafkaDestinationSpec['fill'] = (params) => {
    const address = filledPath(path, params, { what: 'topic', broker, isToken });
    refuseBadTopic(address, broker);
    return { ...topicSpec(address), template: path };
  };
  return { ...topicSpec(path), placeholders: placeholdersOf(path), fill };
}

import { addressOf, type Destination, type DestinationSpec } from '../driver/index.js';
import { MultiBrokerError, requireName } from '../errors/index.js';
import type { KafkaSettings } from './options.js';
import { refuseBadTopic } from './topic-name.js';

/** A topic to write to, resolved for one broker. */
export interface KafkaDestinationSpec extends DestinationSpec {
  readonly kind: 'kafka';
  /** Kafka has no dedupe by id: a repeated message is a second one. */
  readonly dedupes: false;
}

/** Resolves where a message goes. Throws MULTI_BROKER_WRONG_KIND or MULTI_BROKER_ADDRESS_INVALID. */
export function destinationSpec(to: string | Destination, broker: KafkaSettings): KafkaDestinationSpec {
  requireName(to, 'the topic', { broker: broker.name });
  if (typeof to !== 'string') {
    const what = `Broker '${broker.name}' is Kafka and cannot publish to a '${to.kind}' destination: use a topic's name`;
    throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', what, { broker: broker.name });
  }
  const address = addressOf(to, broker.addresses);
  refuseBadTopic(address, broker.name);
  return { kind: 'kafka', name: `topic ${address}`, address, dedupes: false };
}

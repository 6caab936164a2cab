import { addressOf, type Addresses, type Destination, type DestinationSpec, refuseUnknown } from '../driver/index.js';
import { MultiBrokerError, requireName } from '../errors/index.js';
import type { StreamDestination } from './destinations.js';
import { entityProblem, refuse, subjectProblem } from './subject.js';

/** A destination, resolved for one broker. */
export interface NatsDestinationSpec extends DestinationSpec {
  readonly kind: 'nats';
  /** Who confirms: a PONG of the server (`core`), or the PubAck of the stream. */
  readonly via: 'core' | 'jetstream';
  readonly subject: string;
  /** The stream that must take the message. */
  readonly stream?: string | undefined;
}

/** What of a broker's options decides where its messages go. */
export interface DestinationDefaults {
  readonly name: string;
  readonly addresses?: Addresses;
}

/** Resolves where a message goes. Throws MULTI_BROKER_WRONG_KIND or MULTI_BROKER_ADDRESS_INVALID. */
export function destinationSpec(to: string | Destination, broker: DestinationDefaults): NatsDestinationSpec {
  requireName(to, 'the subject', { broker: broker.name });
  if (typeof to === 'string') return coreSpec(to, broker);
  if (isNatsDestination(to)) return streamSpec(to, broker);
  const what = `Broker '${broker.name}' is NATS and cannot publish to a destination of kind '${to.kind}': use a subject or toStream()`;
  throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', what, { broker: broker.name });
}

function isNatsDestination(to: Destination): to is StreamDestination {
  return to.kind === 'nats' && 'subject' in to;
}

function coreSpec(to: string, broker: DestinationDefaults): NatsDestinationSpec {
  const subject = checked(to, broker);
  return { kind: 'nats', via: 'core', name: `subject ${subject}`, address: subject, dedupes: false, subject };
}

function streamSpec(to: StreamDestination, broker: DestinationDefaults): NatsDestinationSpec {
  requireName(to.subject, 'the subject of toStream()', { broker: broker.name });
  refuseUnknown(to, 'toStream()', { stream: true }, ['kind', 'via', 'subject'], broker.name);
  const subject = checked(to.subject, broker);
  const stream = to.stream === undefined ? undefined : addressOf(to.stream, broker.addresses);
  if (stream !== undefined) refuse(entityProblem(stream), 'stream', stream, broker.name);
  const name = stream === undefined ? `subject ${subject} of a stream` : `subject ${subject} of stream ${stream}`;
  // Apart from the same subject without an expectation: what leaves together is written alike.
  const batchKey = stream === undefined ? undefined : `${subject}@${stream}`;
  return { kind: 'nats', via: 'jetstream', name, address: subject, batchKey, dedupes: true, subject, stream };
}

function checked(to: string, broker: DestinationDefaults): string {
  const subject = addressOf(to, broker.addresses);
  refuse(subjectProblem(subject, 'publish'), 'subject', subject, broker.name);
  return subject;
}

import {
  type Addresses,
  addressOf,
  type Destination,
  type DestinationSpec,
  refuseUnknown,
  filledPath,
  isPath,
  pathProblem,
  placeholdersOf,
} from '../driver/index.js';
import { errorOf, requireName } from '../errors/index.js';
import { entityProblem, refuse, streamPrefix, subjectProblem } from './subject.js';

/** A destination, resolved for one broker. */
export interface NatsDestinationSpec extends DestinationSpec {
  readonly kind: 'nats';
  /** How publishes are confirmed: by a PONG of the server (`core`), or by the stream's PubAck. */
  readonly via: 'core' | 'jetstream';
  readonly subject: string;
  /** The stream that must capture the message. */
  readonly stream?: string | undefined;
}

/** Options of a broker that affect its destinations. */
export interface DestinationDefaults {
  readonly name: string;
  readonly addresses?: Addresses;
  readonly prefix?: string | undefined;
}

/** Resolves a destination. Throws MULTI_BROKER_WRONG_KIND or MULTI_BROKER_ADDRESS_INVALID. */
export function destinationSpec(to: string | Destination, broker: DestinationDefaults): NatsDestinationSpec {
  requireName(to, 'the subject', { broker: broker.name });
  if (typeof to === 'string') return coreSpec(to, broker);
  if (isNatsDestination(to)) return streamSpec(to, broker);
  throw errorOf('MULTI_BROKER_WRONG_KIND.natsDestination', { broker: broker.name, kind: to.kind });
}

function isNatsDestination(to: Destination): to is StreamDestination {
  return to.kind === 'nats' && 'subject' in to;
}

function coreSpec(to: string, broker: DestinationDefaults): NatsDestinationSpec {
  return withPath(checked(to, broker), broker.name, coreSubject);
}

/** The spec of a subject; of a path with how it is filled. */
function withPath(
  address: string,
  broker: string,
  specOf: (subject: string) => NatsDestinationSpec,
): NatsDestinationSpec {
  if (!isPath(address)) return specOf(address);
  const fill: NatsDestinationSpec['fill'] = (params) => {
    const subject = filledPath(address, params, { what: 'subject', broker, isToken });
    refuse(subjectProblem(subject, 'publish'), 'subject', subject, broker);
    return { ...specOf(subject), template: address };
  };
  return { ...specOf(address), placeholders: placeholdersOf(address), fill };
}

/** One token of a subject: neither empty nor with a dot, a wildcard, a blank or a control character. */
const isToken = (value: string): boolean => /^[^.*>{}\s\u0000-\u001f\u007f]+$/u.test(value);

function coreSubject(subject: string): NatsDestinationSpec {
  return {
    kind: 'nats',
    via: 'core',
    name: `subject ${subject}`,
    address: subject,
    dedupes: false,
    stored: false,
    subject,
  };
}

function streamSpec(to: StreamDestination, broker: DestinationDefaults): NatsDestinationSpec {
  requireName(to.subject, 'the subject of toStream()', { broker: broker.name });
  refuseUnknown(to, 'toStream()', { stream: true }, ['kind', 'via', 'subject'], broker.name);
  const subject = checked(to.subject, broker);
  const stream =
    to.stream === undefined ? undefined : addressOf(to.stream, broker.addresses, streamPrefix(broker.prefix));
  if (stream !== undefined) refuse(entityProblem(stream), 'stream', stream, broker.name);
  return withPath(subject, broker.name, (one) => streamSubject(one, stream));
}

function streamSubject(subject: string, stream: string | undefined): NatsDestinationSpec {
  const name = stream === undefined ? `subject ${subject} of a stream` : `subject ${subject} of stream ${stream}`;
  // Not batched with publishes to the same subject that expect no stream: a batch has one expectation.
  const batchKey = stream === undefined ? undefined : `${subject}@${stream}`;
  return { kind: 'nats', via: 'jetstream', name, address: subject, batchKey, dedupes: true, subject, stream };
}

function checked(to: string, broker: DestinationDefaults): string {
  const subject = addressOf(to, broker.addresses, broker.prefix);
  const problem = isPath(subject) ? pathProblem(subject) : undefined;
  refuse(problem ?? subjectProblem(subject, 'publish'), 'subject', subject, broker.name);
  return subject;
}

/** Options of {@link toStream}. */
export interface StreamDestinationOptions {
  /** Name of the stream that must capture the message: if another one does, the publish is rejected. */
  readonly stream?: string;
}

/** A subject that a JetStream stream captures. Made by {@link toStream}. */
export interface StreamDestination extends Destination, StreamDestinationOptions {
  readonly kind: 'nats';
  readonly via: 'jetstream';
  readonly subject: string;
}

/** Publishes to a stream and waits for its PubAck. A plain string is core NATS, which confirms no storing. */
export function toStream(subject: string, options: StreamDestinationOptions = {}): StreamDestination {
  return { ...options, kind: 'nats', via: 'jetstream', subject };
}

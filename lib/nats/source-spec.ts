import { addressOf, type Addresses, refuseUnknown, type Source, type SourceSpec } from '../driver/index.js';
import { MultiBrokerError, type OptionNames, requireDuration, requireName } from '../errors/index.js';
import type { StreamOptions, StreamSource, SubjectOptions, SubjectSource } from './sources.js';
import { entityProblem, queueProblem, refuse, subjectProblem } from './subject.js';

/** A core subscription, resolved for one broker. */
export interface CoreSourceSpec extends SourceSpec {
  readonly kind: 'nats';
  readonly via: 'core';
  /** May hold wildcards. */
  readonly subject: string;
  readonly queue?: string | undefined;
  readonly pendingBytesLimit: number;
  readonly durable: false;
}

/** A durable consumer, resolved for one broker. */
export interface StreamSourceSpec extends SourceSpec {
  readonly kind: 'nats';
  readonly via: 'jetstream';
  readonly stream: string;
  /** Name of the consumer (`durable` says that it is one). */
  readonly consumer: string;
  readonly filter?: string | undefined;
  readonly subjects?: readonly string[] | undefined;
  readonly durable: true;
  /** As the user wrote them: only what is given is compared with what the server has. */
  readonly options: StreamOptions;
}

export type NatsSourceSpec = CoreSourceSpec | StreamSourceSpec;

/** What of a broker's options decides how its sources are read. */
export interface SourceDefaults {
  readonly name: string;
  readonly queue?: string | undefined;
  readonly pendingBytesLimit?: number | undefined;
  readonly addresses?: Addresses;
}

const SUBJECT: OptionNames<SubjectOptions> = { queue: true, pendingBytesLimit: true };

const STREAM: OptionNames<StreamOptions> = {
  durable: true,
  filter: true,
  subjects: true,
  storage: true,
  replicas: true,
  duplicateWindowMs: true,
  retention: true,
  maxMessages: true,
  maxAgeMs: true,
  maxBytes: true,
  discard: true,
  deliver: true,
  ackWaitMs: true,
  maxAckPending: true,
  maxDeliver: true,
  markers: true,
};

/** `filter` is the handler's own there. */
export const SETTINGS: readonly string[] = Object.keys({ ...SUBJECT, ...STREAM }).filter((name) => name !== 'filter');

/** As of the NATS clients that have such a limit. */
const usualPendingBytes = 64 * 1_048_576;

/** Infinity is without a limit. */
export const isByteLimit = (value: unknown): boolean => typeof value === 'number' && value > 0;

/** Resolves what a decorator names. Throws MULTI_BROKER_WRONG_KIND or MULTI_BROKER_ADDRESS_INVALID. */
export function sourceSpec(from: string | Source, broker: SourceDefaults): NatsSourceSpec {
  requireName(from, 'the subject', { broker: broker.name });
  if (typeof from === 'string') return coreSpec({ kind: 'nats', via: 'core', pattern: from }, broker);
  if (isNatsSource(from)) return from.via === 'core' ? coreSpec(from, broker) : streamSpec(from, broker);
  const what = `Broker '${broker.name}' is NATS and cannot read a source of kind '${from.kind}': use a subject, subject() or stream()`;
  throw new MultiBrokerError('MULTI_BROKER_WRONG_KIND', what, { broker: broker.name });
}

function isNatsSource(from: Source): from is SubjectSource | StreamSource {
  return from.kind === 'nats';
}

function coreSpec(from: SubjectSource, broker: SourceDefaults): CoreSourceSpec {
  refuseUnknown(from, 'subject()', SUBJECT, ['kind', 'via', 'pattern'], broker.name);
  requireName(from.pattern, 'the subject of subject()', { broker: broker.name });
  const subject = addressOf(from.pattern, broker.addresses);
  refuse(subjectProblem(subject, 'subscribe'), 'subject', subject, broker.name);
  const queue = from.queue === false ? undefined : (from.queue ?? broker.queue);
  if (queue !== undefined) refuse(queueProblem(queue), 'queue', queue, broker.name);
  const pendingBytesLimit = from.pendingBytesLimit ?? broker.pendingBytesLimit ?? usualPendingBytes;
  if (!isByteLimit(pendingBytesLimit)) {
    const what = `pendingBytesLimit of subject ${subject} of broker '${broker.name}' must be a number of bytes above 0`;
    throw new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', what, { broker: broker.name });
  }
  const sharedBy = queue === undefined ? undefined : `queue ${queue}`;
  const name = sharedBy === undefined ? `subject ${subject}` : `subject ${subject} (${sharedBy})`;
  return {
    kind: 'nats',
    via: 'core',
    name,
    address: subject,
    subject,
    queue,
    pendingBytesLimit,
    durable: false,
    sharedBy,
  };
}

function streamSpec(from: StreamSource, broker: SourceDefaults): StreamSourceSpec {
  refuseUnknown(from, 'stream()', STREAM, ['kind', 'via', 'stream'], broker.name);
  requireNames(from, broker.name);
  const name = addressOf(from.stream, broker.addresses);
  const filter = from.filter === undefined ? undefined : addressOf(from.filter, broker.addresses);
  const subjects = from.subjects?.map((subject) => addressOf(subject, broker.addresses));
  refuse(entityProblem(name), 'stream', name, broker.name);
  refuse(entityProblem(from.durable), 'durable', from.durable, broker.name);
  for (const subject of [...(subjects ?? []), ...(filter === undefined ? [] : [filter])]) {
    refuse(subjectProblem(subject, 'subscribe'), 'subject', subject, broker.name);
  }
  for (const option of ['ackWaitMs', 'duplicateWindowMs', 'maxAgeMs'] as const) {
    const remedy = 'leave it out for what the server has';
    if (from[option] !== undefined)
      requireDuration(from[option], `stream(): ${option}`, remedy, { broker: broker.name });
  }
  if (!['skip', 'handle', undefined].includes(from.markers)) {
    const what = `markers of stream ${name} of broker '${broker.name}' must be 'skip' or 'handle'`;
    throw new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', what, { broker: broker.name });
  }
  return {
    kind: 'nats',
    via: 'jetstream',
    name: `stream ${name} (durable ${from.durable})`,
    address: name,
    stream: name,
    consumer: from.durable,
    // The server takes the filter `>` for none, and so says nothing of it.
    filter: filter === '>' ? undefined : filter,
    subjects,
    durable: true,
    sharedBy: `durable ${from.durable}`,
    options: from,
  };
}

function requireNames({ stream, durable, subjects = [] }: StreamSource, broker: string): void {
  requireName(stream, 'the stream of stream()', { broker });
  requireName(durable, 'durable of stream()', { broker });
  for (const subject of subjects) requireName(subject, 'one of the subjects of stream()', { broker });
}

/** The pattern whose wildcards are a stream's params: the filter, else the only subject that the source names. */
export function wildcardsOf({ filter, subjects }: StreamSourceSpec): string | undefined {
  return filter ?? (subjects?.length === 1 ? subjects[0] : undefined);
}

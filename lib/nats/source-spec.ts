import {
  type Addresses,
  addressOf,
  bareOf,
  isPath,
  pathProblem,
  placeholderOf,
  refuseUnknown,
  type SeveralAddresses,
  type Source,
  type SourceSpec,
} from '../driver/index.js';
import { errorOf, type OptionNames, phrase, requireDuration, requireName } from '../errors/index.js';
import type { StreamOptions, StreamSource, SubjectOptions, SubjectSource } from './sources.js';
import { entityProblem, queueProblem, refuse, streamPrefix, subjectProblem, subjectsOverlap } from './subject.js';

/** A core subscription, resolved for one broker. */
export interface CoreSourceSpec extends SourceSpec {
  readonly kind: 'nats';
  readonly via: 'core';
  /** The subject as written, with names for its wildcards. */
  readonly path: string;
  /** May contain wildcards. */
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
  /** Name of the durable consumer. */
  readonly consumer: string;
  readonly filter?: string | undefined;
  /** The pattern whose wildcards give the params, with names: the filter, else the only subject. */
  readonly path?: string | undefined;
  readonly subjects?: readonly string[] | undefined;
  readonly durable: true;
  /** The options as the user wrote them: only these are compared with the server's configuration. */
  readonly options: StreamOptions;
}

export type NatsSourceSpec = CoreSourceSpec | StreamSourceSpec;

/** Options of a broker that affect its sources. */
export interface SourceDefaults {
  readonly name: string;
  readonly queue?: string | undefined;
  readonly pendingBytesLimit?: number | undefined;
  readonly addresses?: Addresses;
  readonly prefix?: string | undefined;
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
  allowBatched: true,
  deliver: true,
  ackWaitMs: true,
  maxAckPending: true,
  maxDeliver: true,
  markers: true,
};

/** Without `filter`, which is an option of handlers. */
export const SETTINGS: readonly string[] = Object.keys({ ...SUBJECT, ...STREAM }).filter((name) => name !== 'filter');

/** The default of NATS clients that have such a limit. */
const DEFAULT_PENDING_BYTES = 64 * 1_048_576;

/** Infinity is valid, for no limit. */
export const isByteLimit = (value: unknown): boolean => typeof value === 'number' && value > 0;

/** Resolves a source. Throws MULTI_BROKER_WRONG_KIND or MULTI_BROKER_ADDRESS_INVALID. */
export function sourceSpec(from: string | Source, broker: SourceDefaults): NatsSourceSpec {
  requireName(from, 'the subject', { broker: broker.name });
  if (typeof from === 'string') return coreSpec({ kind: 'nats', via: 'core', pattern: from }, broker);
  if (isNatsSource(from)) return from.via === 'core' ? coreSpec(from, broker) : streamSpec(from, broker);
  throw errorOf('MULTI_BROKER_WRONG_KIND.natsSource', { broker: broker.name, kind: from.kind });
}

function isNatsSource(from: Source): from is SubjectSource | StreamSource {
  return from.kind === 'nats';
}

function coreSpec(from: SubjectSource, broker: SourceDefaults): CoreSourceSpec {
  refuseUnknown(from, 'subject()', SUBJECT, ['kind', 'via', 'pattern'], broker.name);
  requireName(from.pattern, 'the subject of subject()', { broker: broker.name });
  const path = checkedPath(addressOf(from.pattern, broker.addresses, broker.prefix), broker.name);
  const subject = wildcards(path);
  refuse(subjectProblem(subject, 'subscribe'), 'subject', subject, broker.name);
  const queue = from.queue === false ? undefined : (from.queue ?? broker.queue);
  if (queue !== undefined) refuse(queueProblem(queue), 'queue', queue, broker.name);
  const pendingBytesLimit = from.pendingBytesLimit ?? broker.pendingBytesLimit ?? DEFAULT_PENDING_BYTES;
  if (!isByteLimit(pendingBytesLimit)) {
    throw errorOf('MULTI_BROKER_OPTION_INVALID.natsSubjectPendingBytes', { subject, broker: broker.name });
  }
  const sharedBy = queue === undefined ? undefined : `queue ${queue}`;
  const name = sharedBy === undefined ? `subject ${subject}` : `subject ${subject} (${sharedBy})`;
  return {
    kind: 'nats',
    via: 'core',
    name,
    address: subject,
    bareAddress: bareOf(subject, broker.prefix),
    addresses: addressesOf(subject, broker.prefix),
    paramNames: paramNames(path),
    path,
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
  const { addresses, prefix } = broker;
  const name = addressOf(from.stream, addresses, streamPrefix(prefix));
  const pathOf = (subject: string): string => checkedPath(addressOf(subject, addresses, prefix), broker.name);
  const filterPath = from.filter === undefined ? undefined : pathOf(from.filter);
  const paths = from.subjects?.map(pathOf);
  const [filter, subjects] = [filterPath && wildcards(filterPath), paths?.map(wildcards)];
  const path = filterPath ?? (paths?.length === 1 ? paths[0] : undefined);
  refuse(entityProblem(name), 'stream', name, broker.name);
  refuse(entityProblem(from.durable), 'durable', from.durable, broker.name);
  for (const subject of [...(subjects ?? []), ...(filter === undefined ? [] : [filter])]) {
    refuse(subjectProblem(subject, 'subscribe'), 'subject', subject, broker.name);
  }
  for (const option of ['ackWaitMs', 'duplicateWindowMs', 'maxAgeMs'] as const) {
    if (from[option] === undefined) continue;
    requireDuration(from[option], `stream(): ${option}`, 'forStream', { broker: broker.name });
  }
  if (!['skip', 'handle', undefined].includes(from.markers)) {
    throw errorOf('MULTI_BROKER_OPTION_INVALID.natsMarkers', { stream: name, broker: broker.name });
  }
  return {
    kind: 'nats',
    via: 'jetstream',
    name: `stream ${name} (durable ${from.durable})`,
    address: name,
    bareAddress: bareOf(name, prefix),
    paramNames: paramNames(path),
    path,
    stream: name,
    consumer: from.durable,
    // The server treats the filter `>` as none, and its info does not show it.
    filter: filter === '>' ? undefined : filter,
    subjects,
    durable: true,
    sharedBy: `durable ${from.durable}`,
    options: from,
  };
}

/** Of a subject with wildcards. */
function addressesOf(subject: string, prefix = ''): SeveralAddresses | undefined {
  const tokens = subject.slice(prefix.length).split('.');
  if (!tokens.some(isWildcard)) return undefined;
  return { example: tokens.map((token) => (isWildcard(token) ? 'any' : token)).join('.'), prefix };
}

const isWildcard = (token: string): boolean => token === '*' || token === '>';

/** A path as it is subscribed: each placeholder is a wildcard. */
function wildcards(path: string): string {
  if (!isPath(path)) return path;
  return path
    .split('.')
    .map((token) => (placeholderOf(token) === undefined ? token : '*'))
    .join('.');
}

function checkedPath(path: string, broker: string): string {
  if (isPath(path)) refuse(pathProblem(path), 'subject', path, broker);
  return path;
}

/** Wildcards without a name are told by their place among all of them. */
function paramNames(path = ''): readonly string[] {
  const open = path.split('.').filter((token) => isWildcard(token) || placeholderOf(token) !== undefined);
  return open.map((token, place) => placeholderOf(token) ?? String(place));
}

function requireNames({ stream, durable, subjects = [] }: StreamSource, broker: string): void {
  requireName(stream, 'the stream of stream()', { broker });
  requireName(durable, 'durable of stream()', { broker });
  for (const subject of subjects) requireName(subject, 'one of the subjects of stream()', { broker });
}

/** The pattern whose wildcards give a stream's params: the filter, else the source's only subject. */
export function wildcardsOf({ path }: StreamSourceSpec): string | undefined {
  return path;
}

/** Whether a start creates the source's stream if it is missing: those that name no subjects need it to be there. */
export const createsStream = (source: NatsSourceSpec): boolean =>
  source.via === 'jetstream' && source.subjects !== undefined;

/** Whether the source reads the subject. That of a stream which exists already is known by its filter alone. */
export function feeds({ subject }: { readonly subject: string }, source: NatsSourceSpec): boolean {
  if (source.via === 'core') return subjectsOverlap(source.subject, subject);
  const { filter, subjects } = source;
  const isIn = (patterns: readonly string[]): boolean => patterns.some((pattern) => subjectsOverlap(pattern, subject));
  return filter === undefined ? isIn(subjects ?? []) : isIn([filter]) && (subjects === undefined || isIn(subjects));
}

/** Why two sources of one broker would share messages, so that each handler would get only a part; or undefined. */
export function conflict(one: NatsSourceSpec, other: NatsSourceSpec): string | undefined {
  if (one.via === 'jetstream' && other.via === 'jetstream') {
    if (one.stream !== other.stream || one.consumer !== other.consumer) return undefined;
    return phrase('natsSameDurable', { stream: one.stream, durable: one.consumer });
  }
  if (one.via !== 'core' || other.via !== 'core') return undefined;
  if (one.queue === undefined || one.queue !== other.queue || !subjectsOverlap(one.subject, other.subject))
    return undefined;
  return phrase('natsSameQueue', { one: one.subject, other: other.subject, queue: one.queue });
}

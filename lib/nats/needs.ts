import { type BrokerUse, type Need, placeholderOf } from '../driver/index.js';
import { apiPrefixOf } from './driver/connection/jetstream-port.js';
import type { NatsDestinationSpec } from './destination-spec.js';
import type { NatsBrokerOptions } from './options.js';
import type { NatsSourceSpec, StreamSourceSpec } from './source-spec.js';

/** A need with the subject of its permissions, which may have wildcards. */
export interface SubjectNeed extends Need {
  readonly what: 'subject';
  readonly permissions: readonly ('publish' | 'subscribe')[];
  /** Of a subscription in a queue group. */
  readonly queue?: string | undefined;
  /** A publish of answers, which `allow_responses` permits, too. */
  readonly isAnswer?: boolean;
  /** What the permission is for, as a finding names it: not needed where that is there. */
  readonly creates?: { readonly what: 'stream' | 'durable'; readonly name: string };
}

/** Streams, durables, and the subjects that the credentials of an application have to be allowed. */
export function natsNeeds(use: BrokerUse, options: NatsBrokerOptions): readonly Need[] {
  const { sources, destinations } = split(use);
  const streams = sources.filter((source) => source.via === 'jetstream');
  const expected = destinations.flatMap(({ via, stream }) => (via === 'jetstream' && stream ? [stream] : []));
  return [
    ...unique(streams.map(streamNeed)),
    ...unique(streams.map(durableNeed)),
    ...unique(expected.filter((name) => !streams.some(({ stream }) => stream === name)).map(expectedStream)),
    ...subjectNeeds(use, options),
  ];
}

/** The subjects alone. */
export function subjectNeeds(use: BrokerUse, options: NatsBrokerOptions): readonly SubjectNeed[] {
  const { sources, destinations } = split(use);
  const api = apiPrefixOf(options.jetstream);
  const read = sources.flatMap((source) => (source.via === 'core' ? [coreNeed(source)] : apiNeeds(source, api)));
  const written = destinations.map((to) =>
    publish(patternOf(to, use) ?? to.subject, to.via === 'core' ? undefined : 'captured by a stream'),
  );
  return unique([...read, ...written, ...inboxNeed(use, options), ...answerNeed(use)]);
}

function split(use: BrokerUse) {
  return {
    sources: use.sources as readonly NatsSourceSpec[],
    destinations: use.destinations as readonly NatsDestinationSpec[],
  };
}

function streamNeed({ stream, subjects }: StreamSourceSpec): Need {
  const note = subjects && `created on ${subjects.join(', ')} if it is missing`;
  return { what: 'stream', name: stream, permissions: [], note };
}

function durableNeed({ stream, consumer }: StreamSourceSpec): Need {
  return { what: 'durable', name: durableName(stream, consumer), permissions: [], note: 'created if it is missing' };
}

const durableName = (stream: string, consumer: string): string => `${consumer} of ${stream}`;

const expectedStream = (name: string): Need => ({ what: 'stream', name, permissions: [] });

function coreNeed({
  subject: name,
  queue,
}: {
  readonly subject: string;
  readonly queue?: string | undefined;
}): SubjectNeed {
  const note = queue === undefined ? undefined : `queue ${queue}`;
  return { what: 'subject', name, permissions: ['subscribe'], queue, note };
}

/** Of a durable: to find it, to create what is missing, to pull and to settle. */
function apiNeeds({ stream, consumer, filter, subjects }: StreamSourceSpec, api: string): SubjectNeed[] {
  const created = `${api}.CONSUMER.CREATE.${stream}.${consumer}${filter === undefined ? '' : `.${filter}`}`;
  const toCreate = publish(`${api}.STREAM.CREATE.${stream}`, `to create ${stream}`);
  return [
    publish(`${api}.STREAM.INFO.${stream}`),
    ...(subjects === undefined ? [] : [{ ...toCreate, creates: { what: 'stream', name: stream } } as const]),
    publish(`${api}.CONSUMER.INFO.${stream}.${consumer}`),
    {
      ...publish(created, `to create ${consumer}`),
      creates: { what: 'durable', name: durableName(stream, consumer) },
    },
    publish(`${api}.CONSUMER.MSG.NEXT.${stream}.${consumer}`),
    publish(`$JS.ACK.${stream}.${consumer}.>`),
  ];
}

/** Where JetStream's answers arrive. */
function inboxNeed(use: BrokerUse, { client }: NatsBrokerOptions): SubjectNeed[] {
  const { sources, destinations } = split(use);
  if (![...sources, ...destinations].some(({ via }) => via === 'jetstream')) return [];
  const name = `${client.inboxPrefix ?? '_INBOX'}.>`;
  return [{ what: 'subject', name, permissions: ['subscribe'], note: 'answers of JetStream' }];
}

function answerNeed({ answered }: BrokerUse): SubjectNeed[] {
  if (answered.length === 0) return [];
  return [{ ...publish('_INBOX.>', 'answers to requests; allow_responses does as well'), isAnswer: true }];
}

const publish = (name: string, note?: string): SubjectNeed => ({
  what: 'subject',
  name,
  permissions: ['publish'],
  note,
});

/** Of a dead letter; the subject that it stands for may have several tokens. */
const SOURCE = '{source}';

/**
 * A destination as a permission names it: each placeholder is a wildcard, and the `{source}` of a dead letter at its end is
 * all that may follow. Undefined where that stands before the end, as no wildcard stands for several tokens there.
 */
export function patternOf(to: NatsDestinationSpec, { lettersOfEach = [] }: BrokerUse): string | undefined {
  const tokens = to.subject.split('.');
  const last = tokens.length - 1;
  const isOpen = (token: string): boolean => token === SOURCE && lettersOfEach.includes(to);
  if (tokens.slice(0, last).some(isOpen)) return undefined;
  return tokens.map((token) => (isOpen(token) ? '>' : placeholderOf(token) === undefined ? token : '*')).join('.');
}

function unique<N extends Need>(needs: readonly N[]): N[] {
  return [...new Map(needs.map((need) => [`${need.what} ${need.name} ${need.permissions.join()}`, need])).values()];
}

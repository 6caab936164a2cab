import type { PublishedTo, Source } from '../driver/index.js';
import type { NatsDestinationSpec } from './destination-spec.js';
import {
  type NatsSourceSpec,
  type SourceDefaults,
  sourceSpec,
  type StreamSourceSpec,
  wildcardsOf,
} from './source-spec.js';
import { stream, type StreamSource } from './sources.js';
import { paramReader, streamPrefix } from './subject.js';

/** How long the server waits for a letter's settlement: after a kill, so long until the next run gets it. */
const ACK_WAIT_MS = 10_000;

/**
 * The stream as a durable of this name reads it, one for each filter, as two filters are two sets of messages. Letters that
 * stay are unsettled until the end of a run, and must not stop it: no limit.
 */
export function readBy(from: string | Source, reader: string, broker: SourceDefaults): NatsSourceSpec {
  const spec = sourceSpec(from, broker);
  if (spec.via === 'core') return spec;
  const { stream: name, filter } = from as StreamSource;
  const durable = filter === undefined ? reader : `${reader}-${tokenOf(filter)}`;
  const options = { durable, maxAckPending: -1, ackWaitMs: ACK_WAIT_MS };
  return sourceSpec(stream(name, filter === undefined ? options : { ...options, filter }), broker);
}

/**
 * The stream that a destination names, or else the one by which a handler reads it; a core subject is kept by none that
 * is known. Its name is the one before the broker's prefix.
 */
export function keptBy(
  to: NatsDestinationSpec,
  readers: readonly NatsSourceSpec[],
  { prefix }: SourceDefaults,
): StreamSource | undefined {
  const reader = readers.find((one) => one.via === 'jetstream');
  const named = to.stream ?? reader?.stream;
  if (named === undefined) return undefined;
  const name = named.slice((streamPrefix(prefix) ?? '').length);
  return stream(name, { durable: 'page', ...(to.stream === undefined && filterOf(reader)) });
}

/** As the handler's own filter, so that letters redriven by hand and by the page are counted by one durable. */
function filterOf(reader: StreamSourceSpec | undefined): { readonly filter?: string } {
  const filter = reader?.options.filter;
  return filter === undefined ? {} : { filter };
}

/** Part of a durable's name, which has neither dots nor wildcards. */
function tokenOf(filter: string): string {
  return filter.replaceAll('.', '_').replaceAll('*', 'any').replaceAll('>', 'all');
}

/** What a stream has stored is published to it again, with a PubAck; a core subject keeps nothing. */
export function origin(address: string, source: NatsSourceSpec): PublishedTo {
  const pattern = source.via === 'core' ? source.path : wildcardsOf(source);
  const params = paramReader(pattern)?.(address);
  return { to: source.via === 'core' ? coreSubject(address) : streamSubject(address), params };
}

function coreSubject(subject: string): NatsDestinationSpec {
  const fields = { dedupes: false, stored: false } as const;
  return { kind: 'nats', via: 'core', name: `subject ${subject}`, address: subject, subject, ...fields };
}

/** Of whatever stream captures it: what is read from a mirror is published to its origin. */
function streamSubject(subject: string): NatsDestinationSpec {
  const name = `subject ${subject} of a stream`;
  return { kind: 'nats', via: 'jetstream', name, address: subject, dedupes: true, subject };
}

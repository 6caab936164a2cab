import type { ConsumerConfig, ConsumerInfo, StreamConfig } from 'nats';

import { MultiBrokerError } from '../../errors/index.js';
import type { StreamSourceSpec } from '../source-spec.js';

/** What the driver needs to know of a consumer. */
export interface ConsumerFacts {
  /** Changes when the consumer is made anew. */
  readonly created: string;
  readonly ackWaitMs: number;
  /** Infinity is without a limit. */
  readonly maxAckPending: number;
  /** -1 is without a limit. */
  readonly maxDeliver: number;
  /** The most that one pull may ask for, in messages, in bytes and in milliseconds; undefined is without a limit. */
  readonly maxBatch: number | undefined;
  readonly maxBytes: number | undefined;
  readonly maxExpiresMs: number | undefined;
  /** The server adds delays of its own to what is given back. */
  readonly hasBackoff: boolean;
  /** Paused on the server until then, in milliseconds since the epoch. */
  readonly pausedUntil: number | undefined;
  /** Whether the stream may hold definitions of schedules. */
  readonly mayHoldSchedules: boolean;
  /** Whether this very call made it. */
  readonly made: boolean;
}

export const defaultAckWaitMs = 30_000;
export const defaultMaxAckPending = 1_000;

/** Throws MULTI_BROKER_STREAM_MISMATCH where a stream is not as the source says. */
export function checkStream(config: StreamConfig, spec: StreamSourceSpec, broker: string): void {
  const { storage, replicas, duplicateWindowMs, retention, maxMessages, maxBytes, maxAgeMs, discard } = spec.options;
  const differs = differences([
    ['subjects', spec.subjects && list(spec.subjects), list(subjectsOf(config))],
    ['storage', storage, config.storage],
    ['replicas', replicas, config.num_replicas],
    ['maxMessages', maxMessages, config.max_msgs],
    ['retention', retention, config.retention],
    ['maxBytes', maxBytes, config.max_bytes],
    ['maxAgeMs', maxAgeMs, config.max_age / 1e6],
    ['discard', discard, config.discard],
    ['duplicateWindowMs', duplicateWindowMs, config.duplicate_window / 1e6],
  ]);
  if (differs !== '') throw mismatch(`Stream ${spec.stream}`, differs, broker);
}

/** Throws MULTI_BROKER_STREAM_MISMATCH where a consumer is not as the source says. */
export function checked({ config, created }: ConsumerInfo, spec: StreamSourceSpec, broker: string): ConsumerFacts {
  const { ackWaitMs, maxAckPending, maxDeliver } = spec.options;
  const ackWait = (config.ack_wait ?? defaultAckWaitMs * 1e6) / 1e6;
  const pending = config.max_ack_pending ?? defaultMaxAckPending;
  const differs = differences([
    ['delivery', 'pull', 'deliver_subject' in config ? 'push' : 'pull'],
    ['ack policy', 'explicit', config.ack_policy],
    ['filter', spec.filter ?? '(none)', filters(config)],
    ['priority groups', '(none)', priorityGroups(config)],
    ['deliver', spec.options.deliver, deliverOf(config, spec)],
    ['ackWaitMs', ackWaitMs, ackWait],
    ['maxAckPending', maxAckPending, pending],
    ['maxDeliver', maxDeliver, config.max_deliver ?? -1],
  ]);
  if (differs !== '') throw mismatch(`Consumer '${spec.consumer}' of stream ${spec.stream}`, differs, broker);
  return {
    created,
    ackWaitMs: ackWait,
    maxAckPending: maxAckPendingOf(config),
    maxDeliver: config.max_deliver ?? -1,
    maxBatch: limitOf(config.max_batch),
    maxBytes: limitOf(config.max_bytes),
    maxExpiresMs: limitOf((config.max_expires ?? 0) / 1e6),
    hasBackoff: (config.backoff ?? []).length > 0,
    pausedUntil: pausedUntil(config),
    mayHoldSchedules: false,
    made: false,
  };
}

/** Infinity where there is none. */
export const maxAckPendingOf = ({ max_ack_pending: most = defaultMaxAckPending }: ConsumerConfig): number =>
  limitOf(most) ?? Infinity;

/** Nobody gets anything of such a consumer who does not pull for a group of it. Of servers that the client does not know. */
function priorityGroups(config: ConsumerConfig): string {
  const { priority_groups: groups = [] } = config as { readonly priority_groups?: readonly string[] };
  return groups.length === 0 ? '(none)' : list(groups);
}

/** In milliseconds since the epoch; undefined: it is not paused. */
export function pausedUntil({ pause_until: until }: { readonly pause_until?: string }): number | undefined {
  return until === undefined ? undefined : Date.parse(until);
}

/** The server has 0 or -1 for none. */
const limitOf = (value = 0): number | undefined => (value > 0 ? value : undefined);

function filters(config: ConsumerConfig): string {
  const all = config.filter_subjects ?? (config.filter_subject === undefined ? [] : [config.filter_subject]);
  return all.length === 0 ? '(none)' : list(all);
}

/** What this library made anew for `deliver: 'new'` begins at a sequence. */
function deliverOf(config: ConsumerConfig, spec: StreamSourceSpec): string {
  const resumed = (config.deliver_policy as string) === 'by_start_sequence' && spec.options.deliver === 'new';
  return resumed ? 'new' : config.deliver_policy;
}

const list = (subjects: readonly string[]): string => [...subjects].sort().join(', ');

/** A mirror, and a stream that is made of others alone, have none, though the client's types do not say so. */
export const subjectsOf = ({ subjects = [] }: { readonly subjects?: readonly string[] }): readonly string[] => subjects;

/** Only what the user gave is compared. */
function differences(rows: readonly (readonly [string, unknown, unknown])[]): string {
  return rows
    .filter(([, wanted, found]) => wanted !== undefined && wanted !== found)
    .map(([what, wanted, found]) => `${what} is ${String(found)} and should be ${String(wanted)}`)
    .join('; ');
}

function mismatch(what: string, differs: string, broker: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_STREAM_MISMATCH', `${what} of broker '${broker}' is another: ${differs}`, {
    broker,
  });
}

import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamConfig } from 'nats';

import { MultiBrokerError } from '../../errors/index.js';
import type { StreamSourceSpec } from '../source-spec.js';
import { apiFailure, clientCode, consumerNotFound, streamNotFound } from './jetstream-api.js';

/** What the driver needs to know of a consumer. */
export interface ConsumerFacts {
  /** Changes when the consumer is made anew. */
  readonly created: string;
  readonly ackWaitMs: number;
  /** Infinity is without a limit. */
  readonly maxAckPending: number;
  /** -1 is without a limit. */
  readonly maxDeliver: number;
  /** The most that one pull may ask for, in messages and in milliseconds; undefined is without a limit. */
  readonly maxBatch: number | undefined;
  readonly maxExpiresMs: number | undefined;
  /** Whether this very call made it. */
  readonly made: boolean;
}

/** nats.js's enums are the server's strings, but an enum of a package that is loaded late cannot be named. */
const as = <T extends string>(text: string): T => text as T;

const defaultAckWaitMs = 30_000;
const defaultMaxAckPending = 1_000;

/**
 * Finds the stream and the durable consumer, or creates what is missing; what exists is never altered. Rejects with
 * MULTI_BROKER_STREAM_MISMATCH where it is not as the source says.
 *
 * @param resumeFrom where a consumer that must be made anew begins, if its source is not to begin at the first message
 */
export async function ensureConsumer(
  jsm: JetStreamManager,
  spec: StreamSourceSpec,
  broker: string,
  resumeFrom?: number,
): Promise<ConsumerFacts> {
  await ensureStream(jsm, spec, broker);
  const found = await find(() => jsm.consumers.info(spec.stream, spec.consumer), consumerNotFound);
  if (found !== undefined) return checked(found, spec, broker);
  try {
    const info = await jsm.consumers.add(spec.stream, consumerConfig(spec, resumeFrom));
    return { ...checked(info, spec, broker), made: true };
  } catch (thrown) {
    throw refused(thrown, `consumer '${spec.consumer}' of stream ${spec.stream} cannot be created`, broker);
  }
}

async function ensureStream(jsm: JetStreamManager, spec: StreamSourceSpec, broker: string): Promise<void> {
  const found = await find(() => jsm.streams.info(spec.stream), streamNotFound);
  if (found !== undefined) {
    checkStream(found.config, spec, broker);
    return;
  }
  if (spec.subjects === undefined) {
    const what = `Stream ${spec.stream} of broker '${broker}' does not exist: create it, or give its subjects in stream()`;
    throw new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker });
  }
  try {
    await jsm.streams.add(streamConfig(spec, spec.subjects));
  } catch (thrown) {
    throw refused(thrown, `stream ${spec.stream} cannot be created`, broker);
  }
}

async function find<T>(look: () => Promise<T>, notFound: number): Promise<T | undefined> {
  try {
    return await look();
  } catch (thrown) {
    if (apiFailure(thrown)?.number === notFound) return undefined;
    throw thrown;
  }
}

function streamConfig({ stream, options }: StreamSourceSpec, subjects: readonly string[]): Partial<StreamConfig> {
  return {
    name: stream,
    subjects: [...subjects],
    storage: as<StreamConfig['storage']>(options.storage ?? 'file'),
    num_replicas: options.replicas ?? 1,
    ...limits(options),
  };
}

/** Only what the user gave: the server has defaults for the rest. */
function limits(options: StreamSourceSpec['options']): Partial<StreamConfig> {
  const { duplicateWindowMs, retention, maxMessages, maxBytes, maxAgeMs, discard } = options;
  return {
    ...(duplicateWindowMs !== undefined && { duplicate_window: duplicateWindowMs * 1e6 }),
    ...(retention !== undefined && { retention: as<StreamConfig['retention']>(retention) }),
    ...(maxMessages !== undefined && { max_msgs: maxMessages }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxAgeMs !== undefined && { max_age: maxAgeMs * 1e6 }),
    ...(discard !== undefined && { discard: as<StreamConfig['discard']>(discard) }),
  };
}

function consumerConfig(spec: StreamSourceSpec, resumeFrom: number | undefined): Partial<ConsumerConfig> {
  const { ackWaitMs, maxAckPending, maxDeliver, deliver = 'all' } = spec.options;
  const resume = deliver === 'new' && resumeFrom !== undefined;
  return {
    durable_name: spec.consumer,
    name: spec.consumer,
    ack_policy: as<ConsumerConfig['ack_policy']>('explicit'),
    deliver_policy: as<ConsumerConfig['deliver_policy']>(resume ? 'by_start_sequence' : deliver),
    ...(resume && { opt_start_seq: resumeFrom }),
    ack_wait: (ackWaitMs ?? defaultAckWaitMs) * 1e6,
    max_ack_pending: maxAckPending ?? defaultMaxAckPending,
    ...(maxDeliver !== undefined && { max_deliver: maxDeliver }),
    ...(spec.filter !== undefined && { filter_subject: spec.filter }),
  };
}

function checkStream(config: StreamConfig, spec: StreamSourceSpec, broker: string): void {
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

function checked({ config, created }: ConsumerInfo, spec: StreamSourceSpec, broker: string): ConsumerFacts {
  const { ackWaitMs, maxAckPending, maxDeliver } = spec.options;
  const ackWait = (config.ack_wait ?? defaultAckWaitMs * 1e6) / 1e6;
  const pending = config.max_ack_pending ?? defaultMaxAckPending;
  const differs = differences([
    ['delivery', 'pull', 'deliver_subject' in config ? 'push' : 'pull'],
    ['ack policy', 'explicit', config.ack_policy],
    ['filter', spec.filter ?? '(none)', filters(config)],
    ['deliver', spec.options.deliver, deliverOf(config, spec)],
    ['ackWaitMs', ackWaitMs, ackWait],
    ['maxAckPending', maxAckPending, pending],
    ['maxDeliver', maxDeliver, config.max_deliver ?? -1],
  ]);
  if (differs !== '') throw mismatch(`Consumer '${spec.consumer}' of stream ${spec.stream}`, differs, broker);
  return {
    created,
    ackWaitMs: ackWait,
    maxAckPending: limitOf(pending) ?? Infinity,
    maxDeliver: config.max_deliver ?? -1,
    maxBatch: limitOf(config.max_batch),
    maxExpiresMs: limitOf((config.max_expires ?? 0) / 1e6),
    made: false,
  };
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

/**
 * The server would not create it: subjects of another stream, a limit, or one who was faster with another
 * configuration.
 */
function refused(thrown: unknown, what: string, broker: string): unknown {
  const failure = apiFailure(thrown);
  if (failure === undefined || failure.code >= 500) return thrown;
  const text = `On broker '${broker}' ${what}: ${failure.text}`;
  return new MultiBrokerError('MULTI_BROKER_STREAM_MISMATCH', text, { broker, cause: thrown });
}

/** An error of JetStream's API as one that says what was being done. */
export function subscribeError(thrown: unknown, spec: StreamSourceSpec, broker: string): MultiBrokerError {
  if (thrown instanceof MultiBrokerError) return thrown;
  const why = {
    '503': 'JetStream is not enabled on this server or for this account, or has no leader',
    TIMEOUT: 'JetStream did not answer in time',
    PERMISSIONS_VIOLATION: "this client may not use JetStream's API",
  }[clientCode(thrown) ?? ''];
  const text = why ?? (thrown instanceof Error ? thrown.message : String(thrown));
  const what = `Broker '${broker}' cannot read ${spec.name}: ${text}`;
  return new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker, cause: thrown });
}

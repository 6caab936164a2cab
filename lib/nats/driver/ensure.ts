import type { ConsumerConfig, JetStreamManager, StreamConfig } from 'nats';

import { MultiBrokerError } from '../../errors/index.js';
import type { StreamSourceSpec } from '../source-spec.js';
import { checked, checkStream, type ConsumerFacts, defaultAckWaitMs, defaultMaxAckPending } from './compare.js';
import { checkFilter } from './filter-check.js';
import { apiFailure, clientCode, consumerNotFound, mayPass, streamNotFound } from './jetstream-api.js';
import { mayHaveSchedules } from './markers.js';

/** nats.js's enums are the server's strings, but an enum of a package that is loaded late cannot be named. */
const as = <T extends string>(text: string): T => text as T;

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
  const stream = await ensureStream(jsm, spec, broker);
  const found = await find(() => jsm.consumers.info(spec.stream, spec.consumer), consumerNotFound);
  const mayHoldSchedules = mayHaveSchedules(stream);
  if (found !== undefined) return { ...checked(found, spec, broker), mayHoldSchedules };
  try {
    const info = await jsm.consumers.add(spec.stream, consumerConfig(spec, resumeFrom));
    return { ...checked(info, spec, broker), mayHoldSchedules, made: true };
  } catch (thrown) {
    throw refused(thrown, `consumer '${spec.consumer}' of stream ${spec.stream} cannot be created`, broker);
  }
}

async function ensureStream(
  jsm: JetStreamManager,
  spec: StreamSourceSpec,
  broker: string,
): Promise<Partial<StreamConfig>> {
  const found = await find(() => jsm.streams.info(spec.stream), streamNotFound);
  if (found !== undefined) {
    checkStream(found.config, spec, broker);
    await checkFilter(jsm, found.config, spec, broker);
    return found.config;
  }
  if (spec.subjects === undefined) {
    const what = `Stream ${spec.stream} of broker '${broker}' does not exist: create it, or give its subjects in stream()`;
    throw new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker });
  }
  const config = streamConfig(spec, spec.subjects);
  await checkFilter(jsm, config, spec, broker);
  try {
    await jsm.streams.add(config);
    return config;
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

/**
 * The server would not create it: subjects of another stream, a limit, or one who was faster with another
 * configuration.
 */
function refused(thrown: unknown, what: string, broker: string): unknown {
  const failure = apiFailure(thrown);
  if (failure === undefined || mayPass(failure.code)) return thrown;
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

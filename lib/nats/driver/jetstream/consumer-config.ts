import { errorOf, MultiBrokerError, phrase } from '../../../errors/index.js';
import type { StreamSourceSpec } from '../../source-spec.js';
import { clientCode, CONSUMER_NOT_FOUND } from './jetstream-api.js';
import {
  as,
  differences,
  ensureStream,
  findOrUndefined,
  list,
  mayHaveSchedules,
  notCreated,
  removesAcked,
  type StreamMaker,
  whyNoBatches,
} from './stream-config.js';
import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamConfig } from '../connection/jetstream-port.js';

/**
 * Finds the stream and the durable consumer, and creates what is missing; existing ones are never altered. Rejects with
 * MULTI_BROKER_STREAM_MISMATCH if they differ from what the source says.
 *
 * @param before one of `deliver: 'new'` that has to be recreated goes on there; of one that was read its limits may differ
 */
export async function ensureConsumer(
  jsm: JetStreamManager,
  spec: StreamSourceSpec,
  maker: StreamMaker,
  before?: Place,
): Promise<ConsumerFacts> {
  const { broker } = maker;
  const stream = await ensureStream(jsm, spec, maker, before?.streamCreated);
  const found = await findOrUndefined(() => jsm.consumers.info(spec.stream, spec.consumer), CONSUMER_NOT_FOUND);
  const ofStream = {
    ...keepingOf(stream.config),
    streamCreated: stream.created,
    noBatches: spec.options.allowBatched === true ? whyNoBatches(stream.config) : undefined,
  };
  if (found !== undefined) return { ...checked(found, spec, broker, before !== undefined), ...ofStream };
  try {
    const info = await jsm.consumers.add(spec.stream, consumerConfig(spec, startIn(stream.created, before)));
    return { ...checked(info, spec, broker), ...ofStream, made: true };
  } catch (thrown) {
    throw notCreated(thrown, (reason) => {
      const params = { broker, consumer: spec.consumer, stream: spec.stream, reason };
      return errorOf('MULTI_BROKER_STREAM_MISMATCH.consumerNotCreated', params, { cause: thrown });
    });
  }
}

/** Where an earlier consumer stood. */
export interface Place {
  readonly streamCreated: string;
  /** The first message that may be unsettled, by any replica. */
  readonly nextSeq: number;
}

/**
 * A stream that was deleted and made anew begins at 1, and all of it is new. A start beyond its end would be taken without
 * an error and pass over everything until there, with `num_pending` 0 (nats-server 2.15).
 */
function startIn(streamCreated: string, before: Place | undefined): number | undefined {
  return before === undefined || before.streamCreated === streamCreated ? before?.nextSeq : 1;
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
    ack_wait: (ackWaitMs ?? DEFAULT_ACK_WAIT_MS) * 1e6,
    max_ack_pending: maxAckPending ?? DEFAULT_MAX_ACK_PENDING,
    ...(maxDeliver !== undefined && { max_deliver: maxDeliver }),
    ...(spec.filter !== undefined && { filter_subject: spec.filter }),
  };
}

/** Wraps an error of JetStream's API in one that names the source. */
export function subscribeError(thrown: unknown, spec: StreamSourceSpec, broker: string): MultiBrokerError {
  if (thrown instanceof MultiBrokerError) return thrown;
  const why = {
    '503': phrase('jetStreamOff'),
    TIMEOUT: phrase('jetStreamTimeout'),
    PERMISSIONS_VIOLATION: phrase('jetStreamForbidden'),
  }[clientCode(thrown) ?? ''];
  const reason = why ?? (thrown instanceof Error ? thrown.message : String(thrown));
  const params = { broker, source: spec.name, reason };
  return errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.unreadable', params, { cause: thrown });
}

/** Properties of a consumer on the server that the driver depends on. */
export interface ConsumerFacts {
  /** Changes when the consumer is recreated. */
  readonly created: string;
  readonly ackWaitMs: number;
  /** Infinity for no limit. */
  readonly maxAckPending: number;
  /** -1 for no limit. */
  readonly maxDeliver: number;
  /** The most that one pull may request, in messages, bytes and milliseconds; undefined for no limit. */
  readonly maxBatch: number | undefined;
  readonly maxBytes: number | undefined;
  readonly maxExpiresMs: number | undefined;
  /** The server adds the delays of its `backoff` to those of a nak. */
  readonly hasBackoff: boolean;
  /** Paused on the server until then, in milliseconds since the epoch. */
  readonly pausedUntil: number | undefined;
  /** In which limits it differs from what the source says; empty for none. */
  readonly differing: string;
  /** Changes when the stream is recreated. */
  readonly streamCreated: string;
  /** All messages up to it are settled, or from before the consumer's start. */
  readonly ackFloor: number;
  /** It was made to read what came after that. */
  readonly startsNew: boolean;
  /** Whether the stream may hold schedule definitions. */
  readonly mayHoldSchedules: boolean;
  /** Whether the stream removes what is acked. */
  readonly removesAcked: boolean;
  /** Why results do not go to the stream as batches, where the source asks for that. */
  readonly noBatches: string | undefined;
  /** Whether it was created by this call. */
  readonly made: boolean;
}

export const DEFAULT_ACK_WAIT_MS = 30_000;
export const DEFAULT_MAX_ACK_PENDING = 1_000;

/** Properties that may be changed on the server while the consumer is read. */
export type ConsumerLimits = Omit<
  ConsumerFacts,
  'created' | 'streamCreated' | 'ackFloor' | 'startsNew' | 'mayHoldSchedules' | 'removesAcked' | 'noBatches' | 'made'
>;

export const limitsOf = (config: ConsumerConfig, spec: StreamSourceSpec): ConsumerLimits => ({
  ackWaitMs: ackWaitOf(config),
  maxAckPending: maxAckPendingOf(config),
  maxDeliver: config.max_deliver ?? -1,
  maxBatch: limitOf(config.max_batch),
  maxBytes: limitOf(config.max_bytes),
  maxExpiresMs: limitOf((config.max_expires ?? 0) / 1e6),
  hasBackoff: (config.backoff ?? []).length > 0,
  pausedUntil: pausedUntil(config),
  differing: limitDifferences(config, spec),
});

/** What of a stream tells how its consumer's messages may be settled. It may be changed on the server. */
export const keepingOf = (config: StreamConfig): Pick<ConsumerFacts, 'mayHoldSchedules' | 'removesAcked'> => ({
  mayHoldSchedules: mayHaveSchedules(config),
  removesAcked: removesAcked(config),
});

/** Throws MULTI_BROKER_STREAM_MISMATCH if a consumer differs from what the source says. */
function checked(
  { config, created, ack_floor: floor }: ConsumerInfo,
  spec: StreamSourceSpec,
  broker: string,
  isRead = false,
): ConsumerFacts {
  const differs = isRead ? deliveryDifferences(config, spec) : consumerDifferences(config, spec);
  if (differs !== '') {
    const params = { consumer: spec.consumer, stream: spec.stream, broker, differences: differs };
    throw errorOf('MULTI_BROKER_STREAM_MISMATCH.consumer', params);
  }
  return {
    ...limitsOf(config, spec),
    created,
    mayHoldSchedules: false,
    removesAcked: false,
    noBatches: undefined,
    streamCreated: '',
    ackFloor: floor.stream_seq,
    startsNew: config.deliver_policy === 'new',
    made: false,
  };
}

/** In which options a durable consumer differs from what the source says; empty for none. */
export function consumerDifferences(config: ConsumerConfig, spec: StreamSourceSpec): string {
  return [deliveryDifferences(config, spec), limitDifferences(config, spec)].filter((some) => some !== '').join('; ');
}

/** Those by which other messages are delivered, or none, or messages without their bodies. */
export function deliveryDifferences(config: ConsumerConfig, spec: StreamSourceSpec): string {
  return differences([
    ['delivery', 'pull', 'deliver_subject' in config ? 'push' : 'pull'],
    ['ack policy', 'explicit', config.ack_policy],
    ['filter', spec.filter ?? '(none)', filters(config)],
    ['priority groups', '(none)', priorityGroups(config)],
    ['headers_only', false, isWithoutBodies(config)],
    ['deliver', spec.options.deliver, deliverOf(config, spec)],
  ]);
}

/** Those of limits that the source gives. */
function limitDifferences(config: ConsumerConfig, { options }: StreamSourceSpec): string {
  const { ackWaitMs, maxAckPending, maxDeliver } = options;
  return differences([
    ['ackWaitMs', ackWaitMs, ackWaitOf(config)],
    ['maxAckPending', maxAckPending, config.max_ack_pending ?? DEFAULT_MAX_ACK_PENDING],
    ['maxDeliver', maxDeliver, config.max_deliver ?? -1],
  ]);
}

/** In milliseconds. */
const ackWaitOf = ({ ack_wait: wait = DEFAULT_ACK_WAIT_MS * 1e6 }: ConsumerConfig): number => wait / 1e6;

/** Infinity for no limit. */
export const maxAckPendingOf = ({ max_ack_pending: most = DEFAULT_MAX_ACK_PENDING }: ConsumerConfig): number =>
  limitOf(most) ?? Infinity;

/** Such a consumer delivers only to pulls that name one of its groups. Newer than the types of the client. */
function priorityGroups(config: ConsumerConfig): string {
  const { priority_groups: groups = [] } = config as { readonly priority_groups?: readonly string[] };
  return groups.length === 0 ? '(none)' : list(groups);
}

/** Not in the client's types. */
const isWithoutBodies = (config: ConsumerConfig): boolean =>
  (config as { readonly headers_only?: boolean }).headers_only === true;

/** In milliseconds since the epoch; undefined if the consumer is not paused. */
export function pausedUntil({ pause_until: until }: { readonly pause_until?: string }): number | undefined {
  return until === undefined ? undefined : Date.parse(until);
}

/** The server represents no limit as 0 or -1. */
const limitOf = (value = 0): number | undefined => (value > 0 ? value : undefined);

function filters(config: ConsumerConfig): string {
  const all = config.filter_subjects ?? (config.filter_subject === undefined ? [] : [config.filter_subject]);
  return all.length === 0 ? '(none)' : list(all);
}

/** A consumer that this library recreated for `deliver: 'new'` starts at a sequence. */
function deliverOf(config: ConsumerConfig, spec: StreamSourceSpec): string {
  const resumed = config.deliver_policy === 'by_start_sequence' && spec.options.deliver === 'new';
  return resumed ? 'new' : config.deliver_policy;
}

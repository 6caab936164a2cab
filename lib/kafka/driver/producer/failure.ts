import type { ErrorCode } from '../../../errors/index.js';

/** What a failed send means. */
export interface Failure {
  readonly code: ErrorCode;
  readonly written: 'no' | 'maybe';
  /** The same send may succeed later. */
  readonly retryable: boolean;
  /** Only with a partition picked anew. */
  readonly repick?: boolean;
  /** One message may be to blame for the whole batch. */
  readonly guilty: boolean;
  readonly cause: Error;
}

interface KafkaError extends Error {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly retriable?: unknown;
}

/** Protocol errors by which the server says that it has written nothing, and that may pass. */
const PASSING = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'CORRUPT_MESSAGE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
]);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const UNAUTHORIZED = /AUTHORIZATION_FAILED|SECURITY_DISABLED|INVALID_REQUIRED_ACKS|INVALID_TOPIC/;
/** No connection was made: what fails after one was made may have reached the server. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const NOT_SENT = /^(Not connected|Connection timeout|Failed to connect|The producer is disconnect)/;
/** kafkajs has not come to sending. */
const NOT_READY = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
  'KafkaJSSASLAuthenticationError',
]);

/** Reads what kafkajs threw for one attempt to send. */
export function failureOf(thrown: Error): Failure {
  const cause = rootOf(thrown) as KafkaError;
  if (typeof cause.type === 'string') return protocolFailure(cause.type, cause);
  if (NOT_READY.has(cause.name) || NOT_SENT.test(cause.message) || NO_CONNECTION.has(String(cause.code))) {
    return { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no', retryable: true, guilty: false, cause };
  }
  // Anything else of kafkajs's happened with a request under way; what is not kafkajs's, before: in the encoder.
  if (cause.name.startsWith('KafkaJS')) return unconfirmed(cause);
  return { code: 'MULTI_BROKER_PUBLISH_REJECTED', written: 'no', retryable: false, guilty: true, cause };
}

export const isUnknownTopic = ({ cause }: Failure): boolean =>
  (cause as KafkaError).type === 'UNKNOWN_TOPIC_OR_PARTITION';

function protocolFailure(type: string, cause: KafkaError): Failure {
  if (TOO_LARGE.has(type))
    return { code: 'MULTI_BROKER_PAYLOAD_TOO_LARGE', written: 'no', retryable: false, guilty: true, cause };
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return { code: 'MULTI_BROKER_DESTINATION_UNKNOWN', written: 'no', retryable: true, guilty: false, cause };
  }
  if (PASSING.has(type))
    return { code: 'MULTI_BROKER_NOT_CONNECTED', written: 'no', retryable: true, guilty: false, cause };
  if (cause.retriable === true || type === 'UNKNOWN') return unconfirmed(cause);
  return {
    code: 'MULTI_BROKER_PUBLISH_REJECTED',
    written: 'no',
    retryable: false,
    guilty: !UNAUTHORIZED.test(type),
    cause,
  };
}

const unconfirmed = (cause: Error): Failure => ({
  code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED',
  written: 'maybe',
  retryable: true,
  guilty: false,
  cause,
});

/** kafkajs wraps what it gives up on. */
function rootOf(thrown: Error): Error {
  const wrapper = thrown.name === 'KafkaJSNumberOfRetriesExceeded' || thrown.name === 'KafkaJSNonRetriableError';
  return wrapper && thrown.cause instanceof Error && thrown.cause !== thrown ? rootOf(thrown.cause) : thrown;
}

import type { ClientFailures, SendProblem } from '../client/failure-port.js';

interface KafkaError extends Error {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly retriable?: unknown;
}

/** No connection was made; a send that fails later may have reached the server. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const NOT_SENT = /^(Not connected|Connection timeout|Failed to connect|The producer is disconnect)/;
/** kafkajs failed before it sent anything. */
const NOT_READY = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
  'KafkaJSSASLAuthenticationError',
]);

/**
 * For an error of this name kafkajs ends the consumer at once; for others it fetches the same batch eight more times.
 */
export const NOT_IMPLEMENTED = 'KafkaJSNotImplemented';
const UNDECODABLE = [NOT_IMPLEMENTED, 'KafkaJSPartialMessageError', 'KafkaJSUnsupportedMagicByteInMessageSet'];

/** Reads kafkajs's errors, which carry Kafka's name of an error as `type`. */
export const failures: ClientFailures = {
  protocolError,
  send: (thrown) => {
    const cause = rootOf(thrown);
    return { ...problemOf(cause), cause };
  },
  undecodable,
  mayBeStarting,
};

function protocolError(thrown: unknown): string | undefined {
  const { type, cause } = (thrown ?? {}) as { readonly type?: unknown; readonly cause?: unknown };
  if (typeof type === 'string') return type;
  return cause instanceof Error && cause !== thrown ? protocolError(cause) : undefined;
}

function problemOf({ type, name, message, code, retriable }: KafkaError): SendProblem {
  if (typeof type === 'string') return { how: 'refused', type, isRetriable: retriable === true };
  if (NOT_READY.has(name) || NOT_SENT.test(message) || NO_CONNECTION.has(String(code))) return { how: 'unsent' };
  // Other errors of kafkajs happen after a request was sent; errors that are not kafkajs's, before: in the encoder.
  return { how: name.startsWith('KafkaJS') ? 'unanswered' : 'unwritable' };
}

/** kafkajs wraps an error that it gives up on. */
function rootOf(thrown: Error): Error {
  const wrapper = thrown.name === 'KafkaJSNumberOfRetriesExceeded' || thrown.name === 'KafkaJSNonRetriableError';
  return wrapper && thrown.cause instanceof Error && thrown.cause !== thrown ? rootOf(thrown.cause) : thrown;
}

function undecodable(thrown: Error): string | undefined {
  if (UNDECODABLE.includes(thrown.name)) return thrown.message;
  return thrown.cause instanceof Error && thrown.cause !== thrown ? undecodable(thrown.cause) : undefined;
}

/** kafkajs calls it retriable, but not a refused credential. It takes an untrusted certificate for a lost connection. */
function mayBeStarting(thrown: Error): boolean {
  const { cause } = thrown;
  if (cause instanceof Error && cause !== thrown) return mayBeStarting(cause);
  const { retriable, code, message } = thrown as KafkaError;
  return retriable === true && !isOfCertificate(code, message);
}

const isOfCertificate = (code: unknown, message: string): boolean =>
  /^(CERT_|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(String(code)) || /certificate/i.test(message);

import type { Kafka, logCreator, LogEntry, RetryOptions } from 'kafkajs';
import type { DriverContext, Logger } from '../../../driver/index.js';
import type { KafkaClient } from '../../load-client.js';
import type { KafkaBrokerOptions } from '../../options.js';
import { writeProduceRequests } from './produce-requests.js';
import { calmTimers, Sockets } from './sockets.js';
import { UnansweredRequests } from './unanswered-requests.js';

/**
 * kafkajs has other defaults while NODE_ENV is 'test'; stated here, they are the same everywhere. The first retry comes
 * sooner than kafkajs's (300 ms), as the first use of a group always needs one.
 */
export const RETRY: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  initialRetryTime: 100,
  maxRetryTime: 2_000,
  factor: 0.2,
  multiplier: 2,
  retries: 8,
};

/** A kafkajs client and its connections. */
export interface Client {
  readonly kafka: Pick<Kafka, 'producer' | 'consumer' | 'admin'>;
  readonly unanswered: UnansweredRequests;
  /** Ends every connection at once and for good. */
  kill(): void;
}

/** Callbacks and settings of one client. */
export interface ClientHooks {
  /** The server, or the way to it, closed a connection. */
  lost?(): void;
  /** kafkajs has logged a line. */
  logged?(entry: LogEntry): void;
  /** How often kafkajs itself retries a connection or metadata. */
  readonly retries?: number;
  /** See {@link UnansweredRequests}. */
  readonly longPollMs?: number;
}

/** Makes clients. */
export type MakeClient = (hooks?: ClientHooks) => Client;

/** Makes the clients of one broker: each session of a consumer or producer has its own, which ends with it. */
export function clientMaker(kafkajs: KafkaClient, options: KafkaBrokerOptions, io: DriverContext): MakeClient {
  return (hooks = {}) => {
    const { client } = options;
    const sockets = new Sockets(() => hooks.lost?.(), client.socketFactory);
    const { brokers } = client;
    const kafka = new kafkajs.Kafka({
      clientId: 'nestjs-multi-broker',
      ...client,
      // Not the user's level: the hooks need errors and warnings.
      logLevel: client.logLevel === kafkajs.logLevel.DEBUG ? kafkajs.logLevel.DEBUG : kafkajs.logLevel.INFO,
      retry: { ...RETRY, ...client.retry, ...(hooks.retries === undefined ? {} : { retries: hooks.retries }) },
      // Without brokers kafkajs fails without a retry; otherwise it would keep dialling for a killed client.
      brokers: async () => (sockets.killed ? [] : typeof brokers === 'function' ? await brokers() : brokers),
      socketFactory: sockets.make,
      logCreator: logCreatorOf(options, io, hooks),
    });
    if (options.calmTimers !== false) calmTimers(kafka);
    writeProduceRequests(kafka, kafkajs.CompressionCodecs);
    const unanswered = new UnansweredRequests(hooks.longPollMs);
    unanswered.watch(kafka);
    return { kafka, unanswered, kill: () => sockets.kill() };
  };
}

/** kafkajs's level. Below it there is a line for every pause and every join, which Nest would print. */
const WARN = 2;

function logCreatorOf({ client }: KafkaBrokerOptions, io: DriverContext, hooks: ClientHooks): logCreator {
  const create = client.logCreator ?? logTo(io.log);
  return (level) => {
    const write = create(level);
    return (entry) => {
      hooks.logged?.(entry);
      if (entry.level <= (client.logLevel ?? WARN)) write(entry);
    };
  };
}

interface KafkaError extends Error {
  readonly code?: unknown;
  readonly retriable?: unknown;
}

/**
 * Whether a connection failed because the server is not up, or not yet: kafkajs calls that retriable, but not a refused
 * credential. It takes an untrusted certificate for a lost connection.
 */
export function mayBeStarting(thrown: Error): boolean {
  const { cause } = thrown;
  if (cause instanceof Error && cause !== thrown) return mayBeStarting(cause);
  const { retriable, code, message } = thrown as KafkaError;
  return retriable === true && !isOfCertificate(code, message);
}

const isOfCertificate = (code: unknown, message: string): boolean =>
  /^(CERT_|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(String(code)) || /certificate/i.test(message);

/** kafkajs's levels: 1 error, 2 warning, 4 information, 5 debug. */

/** Fields of kafkajs's log entries that are neither payloads nor credentials. */
const SHOWN = ['error', 'broker', 'groupId', 'topic', 'partition', 'retryCount'] as const;

/**
 * kafkajs logs as ERROR what it then retries, such as the first use of a group, or of a topic that is being created. It
 * throws what it gives up on, and the library reports that; so these lines are for debugging.
 */
const EXPECTED =
  /coordinator|not the leader|leadership election|no leader|rebalanc|does not host this topic|not aware of this member|Restarting the consumer|This client was closed|already exists|^Crash:/i;

/**
 * A line for each attempt of each connection, a hundred in half a minute. The broker itself logs once that the
 * connection is lost and that it is back; a failed connect is an error.
 */
const CONNECTING = new Set(['Connection', 'BrokerPool', 'SASLAuthenticator']);

/** A kafkajs log creator that writes to the library's logger. */
export function logTo(log: Logger): logCreator {
  return () => (entry) => {
    write(log, entry);
  };
}

function write(log: Logger, entry: LogEntry): void {
  const text = sentence(entry);
  const level: number = entry.level;
  if (level > WARN || CONNECTING.has(entry.namespace) || EXPECTED.test(text)) log.debug(text);
  else log.warn(text);
}

function sentence({ namespace, log }: LogEntry): string {
  const fields = SHOWN.flatMap((key) => {
    const value: unknown = log[key];
    return value === undefined || value === null ? [] : [`${key}=${text(value)}`];
  });
  const where = namespace === '' ? 'kafkajs' : `kafkajs ${namespace}`;
  return `${where}: ${log.message}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}`;
}

function text(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '[object]';
}

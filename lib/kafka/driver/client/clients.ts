import type { Kafka, LogEntry, logCreator, RetryOptions } from 'kafkajs';

import type { Io } from '../../../driver/index.js';
import type { KafkaClient } from '../../load-client.js';
import type { KafkaBrokerOptions } from '../../options.js';
import { calmTimers } from './calm-timers.js';
import { logTo } from './log-creator.js';
import { Sockets } from './sockets.js';

/**
 * kafkajs takes other defaults while NODE_ENV is 'test': named here, they hold everywhere. The first retry comes
 * sooner than by kafkajs (300 ms): the first use of a group always needs one.
 */
export const RETRY: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  initialRetryTime: 100,
  maxRetryTime: 2_000,
  factor: 0.2,
  multiplier: 2,
  retries: 8,
};

/** A kafkajs client and its sockets. */
export interface Client {
  readonly kafka: Pick<Kafka, 'producer' | 'consumer' | 'admin'>;
  /** Ends every connection at once and for good. */
  kill(): void;
}

/** What the maker of a client wants to hear. */
export interface ClientHooks {
  /** The server, or the way to it, closed a connection. */
  lost?(): void;
  /** Each line of kafkajs's log. */
  logged?(entry: LogEntry): void;
  /** Overrides how often kafkajs itself tries a connection or metadata again. */
  readonly retries?: number;
}

/** Makes clients. */
export type MakeClient = (hooks?: ClientHooks) => Client;

/** Makes clients of one broker: each life of a consumer or producer has its own, so that an old one cannot disturb. */
export function clientMaker(kafkajs: KafkaClient, options: KafkaBrokerOptions, io: Io): MakeClient {
  return (hooks = {}) => {
    const { client } = options;
    const sockets = new Sockets(() => hooks.lost?.(), client.socketFactory);
    const { brokers } = client;
    const kafka = new kafkajs.Kafka({
      clientId: 'nestjs-multi-broker',
      ...client,
      // Not the user's level: what the hooks listen for is an error or a warning.
      logLevel: client.logLevel === kafkajs.logLevel.DEBUG ? kafkajs.logLevel.DEBUG : kafkajs.logLevel.INFO,
      retry: { ...RETRY, ...client.retry, ...(hooks.retries === undefined ? {} : { retries: hooks.retries }) },
      // Of no broker kafkajs makes an error that it does not retry: else it would go on dialling for a killed client.
      brokers: async () => (sockets.killed ? [] : typeof brokers === 'function' ? await brokers() : brokers),
      socketFactory: sockets.make,
      logCreator: logCreatorOf(options, io, hooks),
    });
    if (options.calmTimers !== false) calmTimers(kafka);
    return { kafka, kill: () => { sockets.kill(); } }; // prettier-ignore
  };
}

/** kafkajs's level. What it tells beyond that is a line for every pause and every join, which Nest would print. */
const WARN = 2;

function logCreatorOf({ client }: KafkaBrokerOptions, io: Io, hooks: ClientHooks): logCreator {
  const create = client.logCreator ?? logTo(io.log);
  return (level) => {
    const write = create(level);
    return (entry) => {
      hooks.logged?.(entry);
      if (entry.level <= (client.logLevel ?? WARN)) write(entry);
    };
  };
}

import type { KafkaConfig, logCreator, LogEntry } from 'kafkajs';
import type { Logger } from '../../../driver/index.js';

/**
 * Of kafkajs's levels: 1 error, 2 warning, 4 information, 5 debug. Below it there is a line for every pause and every join,
 * which Nest would print.
 */
const WARN = 2;

/** The log of one client. */
export class ClientLog {
  /** Gets every line, whatever level the user wants to see. */
  listener: ((entry: LogEntry) => void) | undefined;

  constructor(
    private readonly options: Pick<KafkaConfig, 'logCreator' | 'logLevel'>,
    private readonly log: Logger,
  ) {}

  /** For kafkajs's option of this name. */
  readonly creator: logCreator = (level) => {
    const { logCreator: create = logTo(this.log), logLevel = WARN } = this.options;
    const write = create(level);
    return (entry) => {
      this.listener?.(entry);
      if (entry.level <= logLevel) write(entry);
    };
  };
}

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

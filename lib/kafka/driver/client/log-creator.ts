import type { LogEntry, logCreator } from 'kafkajs';

import type { Log } from '../../../driver/index.js';

/** kafkajs's levels: 1 error, 2 warning, 4 information, 5 debug. */
const WARN = 2;

/** What of kafkajs's extra fields is neither a payload nor a credential. */
const SHOWN = ['error', 'broker', 'groupId', 'topic', 'partition', 'retryCount'] as const;

/**
 * kafkajs logs as ERROR what it then retries, such as the first use of a group or of a topic that is being made. What
 * it cannot mend it throws, and that is told by us: so this is for the curious.
 */
const EXPECTED =
  /coordinator|not the leader|leadership election|no leader|rebalanc|does not host this topic|not aware of this member|Restarting the consumer|This client was closed|already exists|^Crash:/i;

/**
 * A line for each try of each connection, a hundred in half a minute. That the connection is lost, and is there again,
 * is told once by the broker, and what could not be connected at all by its error.
 */
const CONNECTING = new Set(['Connection', 'BrokerPool', 'SASLAuthenticator']);

/** A kafkajs log creator that writes to ours. */
export function logTo(log: Log): logCreator {
  return () => (entry) => {
    write(log, entry);
  };
}

function write(log: Log, entry: LogEntry): void {
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

import { addressProblems, BROKER_OPTION_NAMES, type BrokerOptions, type PrefixOption } from '../driver/index.js';
import { isDuration, isMissing, missing, type OptionNames, phrase, textOf, unknownOptions } from '../errors/index.js';
import type { NatsClientOptions } from './client-options.js';
import type { JetStreamOptions } from './driver/connection/jetstream-port.js';
import { isByteLimit } from './source-spec.js';
import { entityProblem, queueProblem, streamPrefix, subjectProblem } from './subject.js';

/** A client of NATS: the package `nats`, or `@nats-io/transport-node` with `@nats-io/jetstream`. */
export type NatsLibrary = (typeof LIBRARIES)[number];

const LIBRARIES = ['nats', '@nats-io'] as const;

/** Options of a NATS broker but those of its client: they hold no secret. */
export interface NatsSettings extends BrokerOptions, PrefixOption {
  /**
   * The client that carries the broker. Default: the one that is installed, `@nats-io` first. The log names it, with its
   * version, when the broker connects. docs/clients.md tells what differs.
   */
  readonly library?: NatsLibrary;
  /** Queue group of core subscriptions that name none. Without one every replica handles every message. */
  readonly queue?: string;
  /**
   * How many bytes of messages may wait for the handler of a core subscription, unless it has an option of its own.
   * Messages beyond are dropped and counted in `health()`. Default 64 MiB.
   */
  readonly pendingBytesLimit?: number;
  /** JetStream domain or API prefix, and how long its API may take (`timeout`, in milliseconds, default 5,000). */
  readonly jetstream?: JetStreamOptions;
  /** How long a publish waits for its confirmation, in milliseconds. Default 10,000. */
  readonly confirmTimeoutMs?: number;
  /**
   * Allows TLS without a check of the server's certificate (`client.tls.rejectUnauthorized: false`). Default `false`.
   */
  readonly allowInsecure?: boolean;
}

/** Options of `natsBroker`. */
export interface NatsBrokerOptions extends NatsSettings {
  /** The options of the client: those that `nats` and `@nats-io` share. The broker always reconnects. */
  readonly client: NatsClientOptions;
}

const NAMES: OptionNames<NatsBrokerOptions> = {
  ...BROKER_OPTION_NAMES,
  client: true,
  library: true,
  prefix: true,
  queue: true,
  pendingBytesLimit: true,
  jetstream: true,
  confirmTimeoutMs: true,
  allowInsecure: true,
};

/** Problems of the options: a sentence each, which names the option and contains no value of `client`. */
export function validateOptions(options: NatsBrokerOptions): readonly string[] {
  const { client, library, queue, confirmTimeoutMs, pendingBytesLimit } = options as Partial<NatsBrokerOptions>;
  if (typeof client !== 'object') return [textOf('MULTI_BROKER_OPTION_INVALID.natsNoClient', {})];
  const found = [
    ...unknownOptions(options, NAMES),
    ...clientProblems(client),
    ...tlsProblems(client, options.allowInsecure === true),
  ];
  found.push(...addressProblems(options.addresses), ...prefixProblems(options.prefix));
  const problem = queue === undefined ? undefined : queueProblem(queue);
  if (problem !== undefined) found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsQueue', { problem }));
  if (library !== undefined && !(LIBRARIES as readonly unknown[]).includes(library)) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsLibrary', {}));
  }
  if (confirmTimeoutMs !== undefined && !(isDuration(confirmTimeoutMs) && confirmTimeoutMs > 0)) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsConfirmTimeout', {}));
  }
  if (pendingBytesLimit !== undefined && !isByteLimit(pendingBytesLimit)) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsPendingBytes', {}));
  }
  return found;
}

function prefixProblems(prefix: unknown): string[] {
  if (prefix === undefined) return [];
  const problem = typeof prefix === 'string' ? prefixProblem(prefix) : phrase('isNoString');
  return problem === undefined ? [] : [textOf('MULTI_BROKER_OPTION_INVALID.brokerPrefix', { problem })];
}

function prefixProblem(prefix: string): string | undefined {
  if (/[*>]/.test(prefix)) return phrase('subjectWildcard');
  return subjectProblem(`${prefix}x`, 'publish') ?? entityProblem(`${String(streamPrefix(prefix))}x`);
}

function clientProblems(client: NatsClientOptions): string[] {
  const found: string[] = [];
  if (client.debug === true) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsDebug', {}));
  }
  if (client.reconnect === false || (client.maxReconnectAttempts ?? -1) !== -1) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsReconnect', {}));
  }
  if (client.waitOnFirstConnect === true) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsFirstConnect', {}));
  }
  const named: readonly unknown[] = [client.servers ?? []].flat();
  const servers = named.filter((server) => typeof server === 'string');
  for (const server of named.filter(isMissing)) found.push(missing('client.servers: one of them', server, 'unset'));
  if (servers.some((server) => server.includes(','))) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsServerList', {}));
  }
  if (servers.some((server) => server.includes('@'))) {
    found.push(textOf('MULTI_BROKER_OPTION_INVALID.natsCredentials', {}));
  }
  return found;
}

function tlsProblems(client: NatsClientOptions, allowed: boolean): string[] {
  // Not in its type, but nats.js passes all of `tls` to tls.connect.
  const tls = client.tls as { readonly rejectUnauthorized?: boolean } | null | undefined;
  if (tls?.rejectUnauthorized !== false || allowed) return [];
  return [textOf('MULTI_BROKER_OPTION_INVALID.natsTls', {})];
}

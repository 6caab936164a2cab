import type { ConnectionOptions } from 'nats';

import { addressProblems, BROKER_OPTION_NAMES } from '../driver/index.js';
import { isDuration, isMissing, missing, type OptionNames, UNSET, unknownOptions } from '../errors/index.js';
import type { NatsBrokerOptions } from './options.js';
import { isByteLimit } from './source-spec.js';
import { queueProblem } from './subject.js';

const NAMES: OptionNames<NatsBrokerOptions> = {
  ...BROKER_OPTION_NAMES,
  client: true,
  queue: true,
  pendingBytesLimit: true,
  jetstream: true,
  confirmTimeoutMs: true,
  allowInsecure: true,
};

/** What is wrong with the options, a sentence each that names the option and no value of `client`. */
export function optionProblems(options: NatsBrokerOptions): readonly string[] {
  const { client, queue, confirmTimeoutMs, pendingBytesLimit } = options as Partial<NatsBrokerOptions>;
  if (typeof client !== 'object') return ["client is missing: give the nats client's options, such as { servers }"];
  const found = [
    ...unknownOptions(options, NAMES),
    ...clientProblems(client),
    ...tlsProblems(client, options.allowInsecure === true),
  ];
  found.push(...addressProblems(options.addresses));
  const problem = queue === undefined ? undefined : queueProblem(queue);
  if (problem !== undefined) found.push(`queue ${problem}`);
  if (confirmTimeoutMs !== undefined && !(isDuration(confirmTimeoutMs) && confirmTimeoutMs > 0)) {
    found.push('confirmTimeoutMs must be a number of milliseconds above 0');
  }
  if (pendingBytesLimit !== undefined && !isByteLimit(pendingBytesLimit)) {
    found.push('pendingBytesLimit must be a number of bytes above 0');
  }
  return found;
}

function clientProblems(client: ConnectionOptions): string[] {
  const found: string[] = [];
  if (client.debug === true) {
    found.push('client.debug prints the password to the console (nats.js logs the CONNECT frame): leave it out');
  }
  if (client.reconnect === false || (client.maxReconnectAttempts ?? -1) !== -1) {
    found.push('client.reconnect and client.maxReconnectAttempts are not offered: the broker reconnects for ever');
  }
  if (client.waitOnFirstConnect === true) {
    found.push(
      'client.waitOnFirstConnect is not offered: the start tells why it failed; use critical: false to come later',
    );
  }
  const named: readonly unknown[] = [client.servers ?? []].flat();
  const servers = named.filter((server) => typeof server === 'string');
  for (const server of named.filter(isMissing)) found.push(missing('client.servers: one of them', server, UNSET));
  if (servers.some((server) => server.includes(','))) {
    found.push("client.servers: several servers are an array: servers.split(',')");
  }
  if (servers.some((server) => server.includes('@'))) {
    found.push(
      'client.servers holds credentials, which the nats client ignores: give them as client.user and client.pass',
    );
  }
  return found;
}

function tlsProblems(client: ConnectionOptions, allowed: boolean): string[] {
  // Not in the type, but nats.js hands all of `tls` on to tls.connect.
  const tls = client.tls as { readonly rejectUnauthorized?: boolean } | null | undefined;
  if (tls?.rejectUnauthorized !== false || allowed) return [];
  return [
    'client.tls.rejectUnauthorized: false lets anybody pose as the server: leave it out, or set allowInsecure: true',
  ];
}

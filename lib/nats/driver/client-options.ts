import type { ConnectionOptions } from 'nats';

import type { NatsBrokerOptions } from '../options.js';
import { tlsOptions } from './tls.js';

/** How long one dial may take: a dead host must not use up the start's whole time. nats.js: 20 s. */
const dialMs = 5_000;
/** Twice without an answer and the connection is taken for dead. nats.js: 2 minutes. */
const pingMs = 20_000;

/** The user's options with what the driver relies on. */
export function clientOptions({ name, client }: NatsBrokerOptions): ConnectionOptions {
  return {
    name,
    timeout: dialMs,
    pingInterval: pingMs,
    ...client,
    tls: tlsOptions(client),
    // nats.js gives up after 10 attempts, and at the second refusal of a credential, which may have been rotated.
    reconnect: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    // The first connect must tell why it failed.
    waitOnFirstConnect: false,
    // `debug` prints the CONNECT frame with the password.
    debug: false,
    // An Error a request costs half of its CPU time.
    noAsyncTraces: true,
  };
}

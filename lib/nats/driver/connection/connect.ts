import type { Socket } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

import { untilAborted } from '../../../async/index.js';
import { asError, errorOf, type MultiBrokerError, phrase } from '../../../errors/index.js';
import type { NatsClientOptions } from '../../client-options.js';
import type { NatsBrokerOptions } from '../../options.js';
import { checkedFunctions } from './client-functions.js';
import { dialProblem, failureCode } from './client-failures.js';
import type { ClientConnection, NatsClient } from './client-port.js';

/** Rejects with MULTI_BROKER_CONNECT_FAILED if no server accepts the connection, or when the signal aborts. */
export async function connect(
  client: Pick<NatsClient, 'dial'>,
  options: NatsBrokerOptions,
  signal: AbortSignal,
): Promise<ClientConnection> {
  const { connected, giveUp } = client.dial(clientOptions(options));
  try {
    return await untilAborted(connected, signal);
  } catch (cause) {
    // A connection that is established nevertheless is closed at once.
    connected.then(
      (late) => late.close(),
      () => undefined,
    );
    giveUp();
    throw dialFailure(options, asError(cause));
  }
}

/** Timeout of one dial: a dead host must not use up the whole start timeout. nats.js: 20 s. */
const DIAL_MS = 5_000;
/** After two unanswered pings the connection counts as dead. nats.js: 2 minutes. */
const PING_MS = 20_000;

/** The user's options, with the settings that the driver relies on. */
export function clientOptions({ name, client }: NatsBrokerOptions): NatsClientOptions {
  return {
    name,
    timeout: DIAL_MS,
    pingInterval: PING_MS,
    ...client,
    ...checkedFunctions(name, client),
    tls: tlsOptions(client),
    // nats.js gives up after 10 attempts, or once a credential is refused twice, although it may have been rotated.
    reconnect: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    // The first connect must report why it failed.
    waitOnFirstConnect: false,
    // `debug` prints the CONNECT frame with the password.
    debug: false,
    // nats.js creates an Error for each request, which takes half of the request's CPU time.
    noAsyncTraces: true,
  };
}

/** An error that names the broker, the servers it dialled and the cause, without credentials. */
export function dialFailure(options: NatsBrokerOptions, cause: Error): MultiBrokerError {
  const params = { broker: options.name, servers: servers(options), reason: reason(options, cause) };
  const retryable = UNREACHABLE.has(failureCode(cause) ?? '') || FULL.test(cause.message);
  return errorOf('MULTI_BROKER_CONNECT_FAILED.nats', params, { cause, retryable });
}

/** Codes of clients and Node for a server that cannot be reached (yet). With any other code it refused the client. */
const UNREACHABLE = new Set([
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'CONNECTION_CLOSED',
  'DISCONNECT',
  'TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** A server that has as many connections as it may, over all or of one account, or that slows new ones down: one may end. */
const FULL = /connections? (exceeded|throttling)/i;

/** The servers, without the credentials before an `@`. */
function servers({ client }: NatsBrokerOptions): string {
  const list = [client.servers ?? []].flat();
  if (list.length === 0) return `127.0.0.1:${client.port ?? 4222}`;
  return list.map((server) => server.replace(/^(.*:\/\/)?(.*@)?/, '')).join(', ');
}

function reason({ client }: NatsBrokerOptions, cause: Error): string {
  const problem = dialProblem(cause, client.tls === null);
  if (problem === 'no-tls') return phrase('natsNoTls');
  if (problem === 'hung-up') return phrase('natsHungUp');
  if (problem === 'tls-ruled-out') return phrase('natsTlsRuledOut');
  return problem.text === '' ? phrase('noReason') : problem.text;
}

/**
 * The TLS options; undefined if there are none, so that the server decides. nats.js treats `tls://` as `nats://`: a
 * server without TLS would get the credentials in the clear.
 */
export function tlsOptions({ tls, servers }: NatsClientOptions): NatsClientOptions['tls'] {
  const wanted = [servers ?? []].flat().some((server) => server.trim().startsWith('tls://'));
  const given = wanted ? (tls ?? {}) : tls;
  if (typeof given !== 'object' || given === null) return given;
  // Not in its type, but nats.js passes all of `tls` to tls.connect.
  return { checkServerIdentity: checkIdentity, ...given } as NatsClientOptions['tls'];
}

/** `this` of the check, as Node calls it: the options of tls.connect. */
interface Handshake {
  readonly servername?: string;
  readonly socket?: Socket;
}

/** For a server dialled by its IP address nats.js passes no servername, and Node would check for 'localhost'. */
function checkIdentity(this: Handshake, host: string, certificate: PeerCertificate): Error | undefined {
  const dialled = this.servername === '' ? this.socket?.remoteAddress : undefined;
  return checkServerIdentity(dialled ?? host, certificate);
}

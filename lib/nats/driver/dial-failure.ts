import { MultiBrokerError } from '../../errors/index.js';
import type { NatsBrokerOptions } from '../options.js';

/** Names the broker, where it dialled and why that failed; nothing of a credential. */
export function dialFailure(options: NatsBrokerOptions, cause: Error): MultiBrokerError {
  const what = `Broker '${options.name}' did not connect to ${servers(options)}: ${reason(options, cause)}`;
  const retryable = notThere.has(String((cause as { code?: unknown }).code));
  return new MultiBrokerError('MULTI_BROKER_CONNECT_FAILED', what, { broker: options.name, cause, retryable });
}

/** Codes of nats.js and of Node by which the server is not there, or not there yet. All others are its refusal. */
const notThere = new Set([
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

/** Without what stands before an `@`. */
function servers({ client }: NatsBrokerOptions): string {
  const list = [client.servers ?? []].flat();
  if (list.length === 0) return `127.0.0.1:${client.port ?? 4222}`;
  return list.map((server) => server.replace(/^(.*:\/\/)?(.*@)?/, '')).join(', ');
}

/** nats.js gives some errors no message but their code, or that of what it tried to do. */
function reason({ client }: NatsBrokerOptions, cause: Error): string {
  const { code, message, chainedError } = cause as Error & { code?: unknown; chainedError?: Error };
  if (code === 'SERVER_OPT_NA' && message === 'tls') return 'the server does not offer TLS, which client asks for';
  if (code === 'TLS' && client.tls === null) return 'the server asks for TLS, which client.tls: null rules out';
  if (code === message && chainedError !== undefined) return `${chainedError.message} (${message})`;
  const text = message === '' ? 'no reason was told' : message;
  return typeof code === 'string' && code !== text ? `${text} (${code})` : text;
}

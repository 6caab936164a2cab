import type { JetStreamManager, JetStreamOptions, NatsConnection } from 'nats';
import { apiPrefixOf } from '../../api-prefix.js';

/** JetStream's API, on one connection. */
export class JetStreamApi {
  /** Prefix of its request subjects, without the last dot. */
  readonly prefix: string;
  private made: Promise<JetStreamManager> | undefined;

  constructor(
    private readonly nc: NatsConnection,
    private readonly options: JetStreamOptions,
  ) {
    this.prefix = apiPrefixOf(options);
  }

  manager(): Promise<JetStreamManager> {
    // A copy, for nats.js removes `domain` from the object that it gets.
    this.made ??= this.nc.jetstreamManager({ ...this.options, checkAPI: false });
    return this.made;
  }
}

/** An error response of JetStream's API. */
export interface ApiFailure {
  readonly code: number;
  /** nats-server's own number (errors.json), such as 10059 for "stream not found". */
  readonly number: number;
  readonly text: string;
}

/**
 * Whether a retry may succeed: a 5xx reports the state of a stream or server (full, no leader, out of resources), a 429
 * that it is busy (err_code 10167).
 */
export const mayPass = (code: number): boolean => code >= 500 || code === 429;

/** Error codes of nats-server, from its errors.json. */
export const STREAM_NOT_FOUND = 10_059;
export const CONSUMER_NOT_FOUND = 10_014;

/** The error response in an error thrown by nats.js; undefined if the API did not answer. */
export function apiFailure(thrown: unknown): ApiFailure | undefined {
  const response = (thrown as { api_error?: { code: number; err_code?: number; description: string } } | null)
    ?.api_error;
  if (response === undefined) return undefined;
  return { code: response.code, number: response.err_code ?? 0, text: response.description };
}

/** The code of an error of nats.js: `503` (no responders), `TIMEOUT`, `PERMISSIONS_VIOLATION`. */
export function clientCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

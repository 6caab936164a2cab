import type { JetStreamManager, JetStreamOptions, NatsConnection } from 'nats';

/** JetStream's API on one connection. */
export class JetStreamApi {
  /** Where its requests go, without a dot at the end. */
  readonly prefix: string;
  private made: Promise<JetStreamManager> | undefined;

  constructor(
    private readonly nc: NatsConnection,
    private readonly options: JetStreamOptions,
  ) {
    const { domain, apiPrefix = '$JS.API' } = options;
    this.prefix = domain === undefined ? apiPrefix.replace(/\.$/, '') : `$JS.${domain}.API`;
  }

  manager(): Promise<JetStreamManager> {
    // A copy, for nats.js removes `domain` from what it is given.
    this.made ??= this.nc.jetstreamManager({ ...this.options, checkAPI: false });
    return this.made;
  }
}

/** What JetStream's API answered instead of what was asked for. */
export interface ApiFailure {
  readonly code: number;
  /** nats-server's own number (errors.json), such as 10059 for "stream not found". */
  readonly number: number;
  readonly text: string;
}

/**
 * Whether the same may be taken later: a 5xx is about the state of a stream or server (full, without leader, out of
 * resources), a 429 says that it is busy (err_code 10167).
 */
export const mayPass = (code: number): boolean => code >= 500 || code === 429;

/** nats-server errors.json. */
export const streamNotFound = 10_059;
export const consumerNotFound = 10_014;

/** Reads an error of nats.js's JetStream calls; undefined where the API did not answer. */
export function apiFailure(thrown: unknown): ApiFailure | undefined {
  const told = (thrown as { api_error?: { code: number; err_code?: number; description: string } } | null)?.api_error;
  return told === undefined ? undefined : { code: told.code, number: told.err_code ?? 0, text: told.description };
}

/** The code that nats.js gives its errors: `503` (nobody answers), `TIMEOUT`, `PERMISSIONS_VIOLATION`. */
export function clientCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

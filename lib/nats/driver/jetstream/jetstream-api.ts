import { apiPrefixOf } from '../connection/jetstream-port.js';
import type { ClientConnection, NatsClient } from '../connection/client-port.js';
import type { JetStreamManager, JetStreamOptions } from '../connection/jetstream-port.js';

export { apiFailure, type ApiFailure, failureCode as clientCode } from '../connection/client-failures.js';

/** JetStream's API, on one connection. */
export class JetStreamApi {
  /** Prefix of its request subjects, without the last dot. */
  readonly prefix: string;
  private made: Promise<JetStreamManager> | undefined;

  constructor(
    private readonly client: Pick<NatsClient, 'manager'>,
    private readonly nc: ClientConnection,
    private readonly options: JetStreamOptions,
  ) {
    this.prefix = apiPrefixOf(options);
  }

  /** Of the server of now; undefined without a connection. */
  get serverVersion(): string | undefined {
    return this.nc.info?.version;
  }

  manager(): Promise<JetStreamManager> {
    this.made ??= this.client.manager(this.nc, this.options);
    return this.made;
  }
}

/**
 * Whether a retry may succeed: a 5xx reports the state of a stream or server (full, no leader, out of resources), a 429
 * that it is busy (err_code 10167).
 */
export const mayPass = (code: number): boolean => code >= 500 || code === 429;

/** Error codes of nats-server, from its errors.json. */
export const STREAM_NOT_FOUND = 10_059;
export const CONSUMER_NOT_FOUND = 10_014;

import type { ConnectionOptions, JetStreamOptions } from 'nats';

import type { BrokerOptions } from '../driver/index.js';

/** What of {@link NatsBrokerOptions} is no secret. */
export interface NatsSettings extends BrokerOptions {
  /** The queue group of core subscriptions that name none. Without one every replica handles every message. */
  readonly queue?: string;
  /**
   * How many bytes of messages may wait for the handler of each core subscription that says nothing else; what comes
   * beyond is dropped and counted in `health()`. Default 64 MiB.
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
  /** The options of the `nats` client. Reconnecting is the broker's: it goes on for ever. */
  readonly client: ConnectionOptions;
}

/** The options without the client's, which hold credentials: printing them tells no secret. */
export function settings(options: NatsBrokerOptions): NatsSettings {
  const { client: _secret, ...rest } = options;
  return rest;
}

import type { Destination } from '../driver/index.js';

/** Options of {@link toStream}. */
export interface StreamDestinationOptions {
  /** Name of the stream that must take the message: where another one does, the publish is rejected. */
  readonly stream?: string;
}

/** A subject that a JetStream stream captures. Made by {@link toStream}. */
export interface StreamDestination extends Destination, StreamDestinationOptions {
  readonly kind: 'nats';
  readonly via: 'jetstream';
  readonly subject: string;
}

/** Publishes to a stream and waits for its PubAck. A plain string is core NATS, which confirms no storing. */
export function toStream(subject: string, options: StreamDestinationOptions = {}): StreamDestination {
  return { ...options, kind: 'nats', via: 'jetstream', subject };
}

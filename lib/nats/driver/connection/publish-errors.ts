import { errorOf, type MultiBrokerError, phrase, type PublishError, publishErrorOf } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';

/** Errors of one broker's publishes. None contains a payload or a header value. */
export class PublishErrors {
  constructor(private readonly broker: string) {}

  notConnected(to: NatsDestinationSpec): PublishError {
    return publishErrorOf('MULTI_BROKER_NOT_CONNECTED.noConnectionUnwritten', this.at(to), { written: 'no' });
  }

  unconfirmed(to: NatsDestinationSpec, reason: string, cause?: unknown): PublishError {
    const params = { ...this.at(to), reason };
    return publishErrorOf('MULTI_BROKER_PUBLISH_UNCONFIRMED.nats', params, { written: 'maybe', cause });
  }

  /** Written twice: by a batch that ended without a word of it, and alone, which is refused. */
  untold(to: NatsDestinationSpec, refusal: PublishError): PublishError {
    const params = { ...this.at(to), reason: refusal.message };
    const details = { written: 'maybe', retryable: refusal.retryable, cause: refusal } as const;
    return publishErrorOf('MULTI_BROKER_PUBLISH_UNCONFIRMED.nats', params, details);
  }

  unheard(to: NatsDestinationSpec): PublishError {
    const details = { written: 'maybe', retryable: false } as const;
    return publishErrorOf('MULTI_BROKER_PUBLISH_UNCONFIRMED.natsUnheard', this.at(to), details);
  }

  refused(to: NatsDestinationSpec, reason: string, retryable = false): PublishError {
    const params = { ...this.at(to), reason };
    return publishErrorOf('MULTI_BROKER_PUBLISH_REJECTED.nats', params, { written: 'no', retryable });
  }

  /** Written now, the message would overtake an earlier one that is retried. */
  behind(to: NatsDestinationSpec, before: PublishError): PublishError {
    const params = { ...this.at(to), reason: before.message };
    return publishErrorOf('MULTI_BROKER_NOT_CONNECTED.natsBehind', params, { written: 'no', cause: before });
  }

  /** Published to a plain string the message is confirmed by the server, as any core message. */
  noAck(to: NatsDestinationSpec, stream: string): PublishError {
    return this.refused(to, phrase('natsNoAck', { stream }));
  }

  tooLarge(to: NatsDestinationSpec, reason: string): PublishError {
    const params = { ...this.at(to), reason };
    return publishErrorOf('MULTI_BROKER_PAYLOAD_TOO_LARGE.nats', params, { written: 'no' });
  }

  badHeader(to: NatsDestinationSpec, name: string, why: string): PublishError {
    const params = { ...this.at(to), header: JSON.stringify(name.slice(0, 60)), why };
    return publishErrorOf('MULTI_BROKER_HEADER_INVALID.nats', params, { written: 'no' });
  }

  /** `certain`: JetStream was asked. Otherwise the stream may come back (an election, a restart). */
  noStream(to: NatsDestinationSpec, certain: boolean): PublishError {
    const id = certain ? 'natsNoStream' : 'natsNoStreamYet';
    const params = { broker: this.broker, subject: to.address };
    const details = { written: 'no', retryable: !certain } as const;
    return publishErrorOf(`MULTI_BROKER_DESTINATION_UNKNOWN.${id}`, params, details);
  }

  private at(to: NatsDestinationSpec): { readonly broker: string; readonly destination: string } {
    return { broker: this.broker, destination: to.name };
  }
}

/** The error of a request to a {@link toStream} destination. */
export function streamCannotBeAsked(to: { readonly name: string }, broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_REQUEST_UNSUPPORTED.natsStream', { destination: to.name, broker });
}

/** The stream stores each request and sends its PubAck to the requester before any responder can answer. */
export function answeredByStream(to: { readonly name: string }, stream: string, broker: string): MultiBrokerError {
  const params = { stream, destination: to.name, broker };
  return errorOf('MULTI_BROKER_REQUEST_UNSUPPORTED.natsAnsweredByStream', params);
}

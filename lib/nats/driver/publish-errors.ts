import { type ErrorCode, PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';

/** Errors of one broker's publishes. None holds a payload or a header. */
export class PublishErrors {
  constructor(private readonly broker: string) {}

  notConnected(to: NatsDestinationSpec): PublishError {
    return this.make('MULTI_BROKER_NOT_CONNECTED', `has no connection; ${to.name} was not written`, 'no');
  }

  unconfirmed(to: NatsDestinationSpec, why: string, cause?: unknown): PublishError {
    return this.make('MULTI_BROKER_PUBLISH_UNCONFIRMED', `wrote to ${to.name}, unconfirmed: ${why}`, 'maybe', {
      cause,
    });
  }

  unheard(to: NatsDestinationSpec): PublishError {
    const what = `wrote to ${to.name} and cannot hear the answer: this client has no permission to subscribe to its inbox`;
    return this.make('MULTI_BROKER_PUBLISH_UNCONFIRMED', what, 'maybe', { retryable: false });
  }

  refused(to: NatsDestinationSpec, why: string, retryable = false): PublishError {
    return this.make('MULTI_BROKER_PUBLISH_REJECTED', `was refused at ${to.name}: ${why}`, 'no', { retryable });
  }

  /** Written now, it would overtake what is tried again. */
  behind(to: NatsDestinationSpec, before: PublishError): PublishError {
    const what = `did not write to ${to.name} yet, for what stands before it was not confirmed: ${before.message}`;
    return this.make('MULTI_BROKER_NOT_CONNECTED', what, 'no', { cause: before });
  }

  /** Published by a plain string it is confirmed by the server, as any core message. */
  noAck(to: NatsDestinationSpec, stream: string): PublishError {
    return this.refused(
      to,
      `stream ${stream} has no_ack and confirms nothing: turn no_ack off, or give the subject as a plain string`,
    );
  }

  tooLarge(to: NatsDestinationSpec, why: string): PublishError {
    return this.make('MULTI_BROKER_PAYLOAD_TOO_LARGE', `cannot write to ${to.name}: ${why}`, 'no');
  }

  badHeader(to: NatsDestinationSpec, name: string, why: string): PublishError {
    const what = `cannot write to ${to.name}: header ${JSON.stringify(name.slice(0, 60))}: ${why}`;
    return this.make('MULTI_BROKER_HEADER_INVALID', what, 'no');
  }

  /** `certain`: the server was asked. Otherwise a stream may be about to come back (an election, a restart). */
  noStream(to: NatsDestinationSpec, certain: boolean): PublishError {
    const orElects = certain ? '' : ', or one that elects its leader';
    const what = `has no stream that takes the subject ${to.address}${orElects}`;
    return this.make('MULTI_BROKER_DESTINATION_UNKNOWN', what, 'no', { retryable: !certain });
  }

  private make(
    code: ErrorCode,
    what: string,
    written: 'no' | 'maybe',
    more: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ): PublishError {
    return new PublishError(code, `Broker '${this.broker}' ${what}`, { ...more, broker: this.broker, written });
  }
}

import type { Msg } from 'nats';

import type { Clock, Incoming, Outgoing } from '../../driver/index.js';
import { MultiBrokerError, type PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { answeredByStream, streamCannotBeAsked } from '../request-errors.js';
import type { Connection, Refusal } from './connection.js';
import { CoreMessage } from './core-message.js';
import type { KnownStreams } from './known-streams.js';
import { headersOf } from './message-parts.js';
import { streamOfPubAck } from './pub-ack.js';
import type { PublishErrors } from './publish-errors.js';
import type { Replies, ReplyGroup } from './replies.js';
import type { Writer } from './writer.js';

/** What the requester is made of. */
export interface RequesterParts {
  readonly broker: string;
  readonly connection: Connection;
  readonly writer: Writer;
  readonly errors: PublishErrors;
  readonly replies: Replies;
  readonly known: KnownStreams;
  readonly clock: Clock;
}

/** One answer for one message. */
export class Requester {
  private readonly open = new Set<{ readonly subject: string; readonly fail: (error: Error) => void }>();

  constructor(private readonly parts: RequesterParts) {
    parts.connection.listen({
      refused: (refusal) => {
        this.refused(refusal);
      },
    });
  }

  /**
   * Rejects with MULTI_BROKER_REQUEST_TIMEOUT when the signal aborts, MULTI_BROKER_NO_RESPONDERS when nobody listens,
   * MULTI_BROKER_NOT_CONNECTED at once when there is no connection, MULTI_BROKER_STOPPED when the broker is closed,
   * MULTI_BROKER_REQUEST_UNSUPPORTED when a stream captures the subject. An answer that is an error is an answer.
   */
  async request(to: NatsDestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    if (to.via === 'jetstream') throw streamCannotBeAsked(to, this.parts.broker);
    if (!this.parts.connection.up) throw this.parts.errors.notConnected(to);
    if (signal.aborted) throw this.timedOut(to);
    let cleanUp = (): void => undefined;
    try {
      return await new Promise<Incoming>((resolve, reject) => {
        cleanUp = this.start(to, message, signal, { resolve, reject });
      });
    } finally {
      cleanUp();
    }
  }

  /** The broker is closed: no answer comes any more. */
  close(): void {
    const { broker } = this.parts;
    const what = `Broker '${broker}' was closed`;
    for (const { fail } of this.open) fail(new MultiBrokerError('MULTI_BROKER_STOPPED', what, { broker }));
  }

  private start(to: NatsDestinationSpec, message: Outgoing, signal: AbortSignal, end: Ends): () => void {
    const group: ReplyGroup = {
      answered: (_, answer) => {
        if (isNoResponders(answer)) end.reject(this.nobody(to));
        else void this.answered(to, answer, end);
      },
      deaf: () => {
        end.reject(this.parts.errors.refused(to, 'this client has no permission to subscribe to its inbox'));
      },
    };
    const waiting = { subject: to.subject, fail: end.reject };
    const timeOut = (): void => {
      end.reject(this.timedOut(to));
    };
    const { prefix, end: forget } = this.parts.replies.expect(group);
    this.open.add(waiting);
    signal.addEventListener('abort', timeOut, { once: true });
    const written: PublishError | number = this.parts.writer.write(to, message, `${prefix}0`);
    this.parts.writer.send();
    if (typeof written !== 'number') end.reject(written);
    return () => {
      signal.removeEventListener('abort', timeOut);
      this.open.delete(waiting);
      forget();
    };
  }

  /** Anybody may answer in the words of a PubAck: where it looks like one, it is asked who captures the subject. */
  private async answered(to: NatsDestinationSpec, answer: Msg, end: Ends): Promise<void> {
    const { broker, clock, known } = this.parts;
    const stream = streamOfPubAck(answer);
    if (stream !== undefined && (await known.mayBe(stream, to.subject))) {
      end.reject(answeredByStream(to, stream, broker));
    } else end.resolve(new CoreMessage(answer, broker, clock.now()));
  }

  private refused({ operation, subject }: Refusal): void {
    if (operation !== 'publish') return;
    for (const waiting of this.open) {
      if (waiting.subject !== subject) continue;
      const to = { name: `subject ${subject}` } as NatsDestinationSpec;
      waiting.fail(this.parts.errors.refused(to, 'this client has no permission to publish there'));
    }
  }

  private timedOut(to: NatsDestinationSpec): MultiBrokerError {
    return this.error('MULTI_BROKER_REQUEST_TIMEOUT', `No answer came from ${to.name} in time`);
  }

  private nobody(to: NatsDestinationSpec): MultiBrokerError {
    return this.error('MULTI_BROKER_NO_RESPONDERS', `Nobody listens on ${to.name}`);
  }

  private error(code: ConstructorParameters<typeof MultiBrokerError>[0], what: string): MultiBrokerError {
    const { broker } = this.parts;
    return new MultiBrokerError(code, `${what} (broker '${broker}')`, { broker });
  }
}

interface Ends {
  readonly resolve: (answer: Incoming) => void;
  readonly reject: (error: Error) => void;
}

function isNoResponders(answer: Msg): boolean {
  return answer.data.length === 0 && headersOf(answer)?.code === 503;
}

import { type Clock, InProgress } from '../../../async/index.js';
import type { Incoming, Outgoing } from '../../../driver/index.js';
import { errorOf, type MultiBrokerError, phrase, type PublishError } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import { serviceFailure } from '../../service-failure.js';
import type { Connection, Refusal } from '../connection/connection.js';
import type { Inbox, ReplyGroup } from '../connection/inbox.js';
import { headersOf } from '../connection/message-parts.js';
import { answeredByStream, type PublishErrors, streamCannotBeAsked } from '../connection/publish-errors.js';
import type { WireWriter } from '../connection/wire-writer.js';
import { streamOfPubAck } from '../jetstream/pub-acks.js';
import type { StreamLookup } from '../jetstream/stream-lookup.js';
import { CoreMessage } from './core-message.js';
import type { ClientMessage } from '../connection/client-port.js';

/** Collaborators of a {@link Requester}. */
export interface RequesterParts {
  readonly broker: string;
  readonly connection: Connection;
  readonly writer: WireWriter;
  readonly errors: PublishErrors;
  readonly inbox: Inbox;
  readonly lookup: StreamLookup;
  readonly clock: Clock;
}

/** Request and reply over core NATS. */
export class Requester {
  private readonly open = new InProgress<{ readonly subject: string; readonly fail: (error: Error) => void }>();

  constructor(private readonly parts: RequesterParts) {
    parts.connection.listen({
      refused: (refusal) => this.refused(refusal),
    });
  }

  /**
   * Rejects with MULTI_BROKER_REQUEST_TIMEOUT when the signal aborts, MULTI_BROKER_NO_RESPONDERS if there is no
   * subscriber, MULTI_BROKER_NOT_CONNECTED at once without a connection, MULTI_BROKER_STOPPED when the broker is closed,
   * MULTI_BROKER_REQUEST_UNSUPPORTED if a stream captures the subject, MULTI_BROKER_REQUEST_FAILED if a service answers
   * that it failed. An error reply of a handler resolves.
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

  /** The broker is closed: open requests fail. */
  close(): void {
    const { broker } = this.parts;
    for (const { fail } of this.open) fail(errorOf('MULTI_BROKER_STOPPED.closed', { broker }));
  }

  private start(to: NatsDestinationSpec, message: Outgoing, signal: AbortSignal, end: Ends): () => void {
    const group: ReplyGroup = {
      answered: (_, answer) => {
        if (isNoResponders(answer)) end.reject(this.noResponders(to));
        else void this.answered(to, answer, end);
      },
      denied: () => end.reject(this.parts.errors.refused(to, phrase('natsNoInbox'))),
    };
    const waiting = { subject: to.subject, fail: end.reject };
    const timeOut = (): void => end.reject(this.timedOut(to));
    const { prefix, end: forget } = this.parts.inbox.expect(group);
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

  /** Any responder may send what looks like a PubAck: JetStream is asked which stream captures the subject. */
  private async answered(to: NatsDestinationSpec, answer: ClientMessage, end: Ends): Promise<void> {
    const { broker, clock, lookup: known } = this.parts;
    const stream = streamOfPubAck(answer);
    if (stream !== undefined && (await known.mayBe(stream, to.subject))) {
      end.reject(answeredByStream(to, stream, broker));
      return;
    }
    const message = new CoreMessage(answer, broker, clock.now());
    const failure = serviceFailure(message, { destination: to.name, broker });
    if (failure === undefined) end.resolve(message);
    else end.reject(failure);
  }

  private refused({ operation, subject }: Refusal): void {
    if (operation !== 'publish') return;
    for (const waiting of this.open) {
      if (waiting.subject !== subject) continue;
      const to = { name: `subject ${subject}` } as NatsDestinationSpec;
      waiting.fail(this.parts.errors.refused(to, phrase('natsNoPermission')));
    }
  }

  private timedOut(to: NatsDestinationSpec): MultiBrokerError {
    return errorOf('MULTI_BROKER_REQUEST_TIMEOUT.nats', { destination: to.name, broker: this.parts.broker });
  }

  private noResponders(to: NatsDestinationSpec): MultiBrokerError {
    return errorOf('MULTI_BROKER_NO_RESPONDERS', { destination: to.name, broker: this.parts.broker });
  }
}

interface Ends {
  readonly resolve: (answer: Incoming) => void;
  readonly reject: (error: Error) => void;
}

function isNoResponders(answer: ClientMessage): boolean {
  return answer.data.length === 0 && headersOf(answer)?.code === 503;
}

import { CONTENT_TYPE } from '../codec/index.js';
import type { Outcome, Outgoing } from '../driver/index.js';
import { asError, type PublishError } from '../errors/index.js';
import type { ResultItem } from './binding.js';
import type { DeliveredMessage } from './delivered-message.js';
import type { Outlet } from './delivery-host.js';
import { CORRELATION_ID, ERROR } from './headers.js';
import type { LaneOwner } from './lane-owner.js';
import { textHeaders, textKey } from './text-fields.js';

/** An error reply is for people: what was thrown may hold a whole document. */
const longestError = 2_000;

/** What a responder needs of its lane. */
type ResponderOwner = Pick<LaneOwner, 'binding' | 'host'>;

/**
 * Answers requests for the handler of one lane. A reply subject does not say that this handler was asked: every
 * subscription of the subject gets the message, and a publish that waits for a stream's PubAck has one too. So nobody
 * answers who returns nothing, and a failure is answered by who would have answered.
 */
export class Responder {
  /** Whether the handler has returned something to a request; undefined before the first one. */
  private hasAnswered: boolean | undefined;

  constructor(private readonly owner: ResponderOwner) {}

  /** With what the handler returned, after every publisher confirmed. */
  answer(request: DeliveredMessage | undefined, item: ResultItem | undefined): void {
    if (request?.replyTo === undefined) return;
    const { reply } = this.owner.binding;
    if (item !== undefined) this.hasAnswered = true;
    else this.hasAnswered ??= false;
    if (reply === false || (item === undefined && reply !== true)) return;
    try {
      this.send(request, request.replyTo, this.encoded(request, item));
    } catch (thrown) {
      this.unanswerable(request, asError(thrown));
    }
  }

  /** With a failure: the text, never a stack. */
  fail(request: DeliveredMessage | undefined, error: Error): void {
    if (request?.replyTo !== undefined && this.answersFailures(request)) this.sendError(request, error);
  }

  /**
   * By `reply` where it says so, else by what the handler did before. Of one that was never asked nobody knows: a
   * wildcard is more often there to listen, a subject of its own to be asked.
   */
  private answersFailures({ incoming }: DeliveredMessage): boolean {
    return this.owner.binding.reply ?? this.hasAnswered ?? incoming.params === undefined;
  }

  private sendError(request: DeliveredMessage, error: Error): void {
    // What was thrown may look like an Error and be none.
    const text: unknown = error.message;
    const line = String(text)
      .replace(/[\r\n]+/g, ' ')
      .slice(0, longestError);
    const headers = { ...correlation(request), [ERROR]: line };
    this.send(request, request.replyTo ?? '', { body: null, headers, origin: request.incoming });
  }

  /** The handler has done its work, but its answer cannot be sent as it is. */
  private unanswerable(request: DeliveredMessage, error: Error): void {
    this.owner.host.counts.failed++;
    this.tellUnsent(error);
    this.sendError(request, error);
  }

  private encoded(request: DeliveredMessage, item: ResultItem | undefined): Outgoing {
    const headers: Record<string, string> = correlation(request);
    const origin = request.incoming;
    if (item === undefined) return { body: null, headers, origin };
    const { body, contentType } = this.outlet?.codec.encode(item.payload) ?? { body: null };
    if (contentType !== undefined) headers[CONTENT_TYPE] = contentType;
    const { handler, broker } = this.owner.binding;
    const key = textKey(item.key, { handler, broker });
    return { body, key, headers: Object.assign(headers, textHeaders(item.headers, { handler, broker })), origin };
  }

  /**
   * A reply always goes through the broker that the request came by. It is not awaited: who asked has a time-out.
   * The address came with the message, so it may be anything: a bad one must not fail the delivery.
   */
  private send(request: DeliveredMessage, to: string, message: Outgoing): void {
    const { outlet } = this;
    if (outlet === undefined) return;
    const done = (outcome: Outcome): void => {
      if ('error' in outcome) this.unsent(request, message, outcome.error);
    };
    try {
      outlet.send(outlet.resolve(to), { message, persistent: false, done });
    } catch (thrown) {
      this.tellUnsent(asError(thrown));
    }
  }

  /** What the server would not take, such as an answer that is too large, is known at once: no need to wait in vain. */
  private unsent(request: DeliveredMessage, message: Outgoing, error: PublishError): void {
    const isFailure = message.headers?.[ERROR] !== undefined;
    if (isFailure || error.retryable || error.written !== 'no') this.tellUnsent(error);
    else this.unanswerable(request, error);
  }

  private tellUnsent(error: Error): void {
    this.owner.host.log.warn(`The answer of ${this.owner.binding.handler} was not sent: ${error.message}`);
  }

  private get outlet(): Outlet | undefined {
    return this.owner.host.outlet(this.owner.binding.broker);
  }
}

function correlation(request: DeliveredMessage): Record<string, string> {
  const id = request.rawHeaders[CORRELATION_ID];
  return id === undefined ? {} : { [CORRELATION_ID]: id };
}

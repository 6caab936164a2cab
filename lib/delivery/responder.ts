import { abandonWithin } from '../async/index.js';
import { CONTENT_TYPE, type Encoded, type ReplyAddress } from '../codec/index.js';
import type { Incoming, Outcome, Outgoing } from '../driver/index.js';
import { asError, type PublishError } from '../errors/index.js';
import type { Binding, DeliveryContext, ResultItem } from './binding.js';
import type { DeliveredMessage } from './delivery-context.js';
import type { DeliveryHost, Outlet } from './delivery-host.js';
import { encodePayload } from './encode.js';
import { ERROR } from './headers.js';
import { OutgoingHeaders } from './outgoing-headers.js';
import { checkedKey, type Sender } from './field-checks.js';
import { asked, checkedAddress, correlation, written } from './reply-format.js';

/** An error reply is read by people, and an error's message may hold a whole document. */
const LONGEST_ERROR = 2_000;

/** The context of a delivery that may be a request. */
type Requested = DeliveryContext & { readonly message: DeliveredMessage };

/** The handler that answers. */
interface ResponderOwner {
  readonly binding: Binding;
  readonly host: DeliveryHost;
}

/**
 * Answers requests for the handler of one lane. A reply subject does not say that this handler was asked: every
 * subscription of the subject gets the message, and a publish that waits for a stream's PubAck has one too. So a
 * handler that returns nothing does not answer, and a failure is answered by a handler that would have answered.
 */
export class Responder {
  /** Whether the handler has returned something to a request; undefined before the first one. */
  private hasAnswered: boolean | undefined;

  constructor(private readonly owner: ResponderOwner) {}

  /** With what the handler returned, after every publisher confirmed. */
  answer(delivery: Requested | undefined, item: ResultItem | undefined): void {
    const to = this.addressOf(delivery?.message);
    if (delivery === undefined || to === undefined) return;
    const { reply } = this.owner.binding;
    if (item !== undefined) this.hasAnswered = true;
    else this.hasAnswered ??= false;
    if (reply === false || (item === undefined && reply !== true)) return;
    this.sendResult(delivery, to, item);
  }

  /** With a failure: the text, never a stack. */
  fail(request: DeliveredMessage | undefined, error: Error): void {
    const to = this.addressOf(request);
    if (request !== undefined && to !== undefined && this.answersFailures(request.incoming))
      this.sendError(request, to, error);
  }

  /**
   * Whether the message may be a request to this handler. A publish that waits for a stream's PubAck looks the same,
   * until the handler has returned nothing to one.
   */
  mayAnswer({ replyTo }: Incoming): boolean {
    return replyTo !== undefined && (this.owner.binding.reply ?? this.hasAnswered !== false);
  }

  /**
   * By `reply` where it says so, else by what the handler did before. For one that was never asked it is a guess: a
   * wildcard is more often there to listen, a subject of its own to be asked.
   */
  answersFailures({ params }: Incoming): boolean {
    return this.owner.binding.reply ?? this.hasAnswered ?? params === undefined;
  }

  private addressOf(request: DeliveredMessage | undefined): ReplyAddress | undefined {
    if (request === undefined) return undefined;
    const { binding } = this.owner;
    if (binding.replies === undefined) return request.replyTo === undefined ? undefined : { to: request.replyTo };
    try {
      return checkedAddress(binding.replies.replyTo(asked(request)), binding);
    } catch (thrown) {
      this.reportUnsent(asError(thrown));
      return undefined;
    }
  }

  private sendError(request: DeliveredMessage, to: ReplyAddress, error: Error): void {
    try {
      this.send(request, to, this.failureReply(request, error), true);
    } catch (thrown) {
      this.reportUnsent(asError(thrown));
    }
  }

  private failureReply(request: DeliveredMessage, error: Error): Outgoing {
    const { binding: by } = this.owner;
    if (by.replies === undefined) return errorReply(request, error);
    return written('failure', { request, given: by.replies.failure(error, asked(request)), by });
  }

  /** The handler has succeeded, but its answer cannot be sent. */
  private unanswerable(request: DeliveredMessage, to: ReplyAddress, error: Error): void {
    this.owner.host.counts.failed++;
    this.reportUnsent(error);
    this.sendError(request, to, error);
  }

  private sendResult(delivery: Requested, to: ReplyAddress, item: ResultItem | undefined): void {
    const { message: request } = delivery;
    const failed = (thrown: unknown): void => this.unanswerable(request, to, asError(thrown));
    try {
      const made = this.encoded(delivery, item);
      if (made instanceof Promise) made.then((answer) => this.send(request, to, answer)).catch(failed);
      else this.send(request, to, made);
    } catch (thrown) {
      abandonWithin({ ...item });
      failed(thrown);
    }
  }

  private encoded(delivery: Requested, item: ResultItem | undefined): Outgoing | Promise<Outgoing> {
    const { message: request } = delivery;
    const { binding: by } = this.owner;
    const { replies, handler, broker } = by;
    if (replies !== undefined) {
      const given: unknown = replies.answer(item?.payload, asked(request));
      return written('answer', { request, given, own: item?.headers, by });
    }
    const codec = this.outlet?.codec;
    if (item === undefined || codec === undefined) {
      return { body: null, headers: correlation(request), origin: request.incoming };
    }
    const made = encodePayload(item.payload, { codec, broker, handler, context: delivery });
    const make = (encoded: Encoded): Outgoing => answerOf(encoded, item, request, { broker, handler });
    return made instanceof Promise ? made.then(make) : make(made);
  }

  /**
   * A reply always goes through the broker that the request came by. It is not awaited: the requester has a time-out.
   * The address came with the message, so it may be anything: a bad one must not fail the delivery.
   */
  private send(request: DeliveredMessage, to: ReplyAddress, answer: Outgoing, isFailure = false): void {
    const { outlet } = this;
    if (outlet === undefined) return;
    const message = to.partition === undefined ? answer : { ...answer, partition: to.partition };
    const done = (outcome: Outcome): void => {
      if ('error' in outcome) this.unsent(request, to, outcome.error, isFailure);
    };
    try {
      outlet.send(outlet.at(to.to), { message, persistent: false, isReply: true, done });
    } catch (thrown) {
      this.reportUnsent(asError(thrown));
    }
  }

  /**
   * An answer that the server refuses, such as one that is too large, fails the request at once: no need to wait in
   * vain.
   */
  private unsent(request: DeliveredMessage, to: ReplyAddress, error: PublishError, isFailure: boolean): void {
    if (isFailure || error.retryable || error.written !== 'no') this.reportUnsent(error);
    else this.unanswerable(request, to, error);
  }

  private reportUnsent(error: Error): void {
    this.owner.host.log.warn(`The answer of ${this.owner.binding.handler} was not sent: ${error.message}`);
  }

  private get outlet(): Outlet | undefined {
    return this.owner.host.outlet(this.owner.binding.broker);
  }
}

function answerOf({ body, contentType }: Encoded, item: ResultItem, request: DeliveredMessage, by: Sender): Outgoing {
  const headers = new OutgoingHeaders(correlation(request));
  if (contentType !== undefined) headers.text[CONTENT_TYPE] = contentType;
  headers.setCarried(item.headers, by);
  headers.setRaw(item.rawHeaders, by);
  const key = checkedKey(item.key, by);
  return { body, key, headers: headers.text, rawHeaders: headers.raw, origin: request.incoming };
}

/** An error reply: one line. */
function errorReply(request: DeliveredMessage, error: Error): Outgoing {
  // A thrown value may look like an Error and be none.
  const text: unknown = error.message;
  const line = String(text)
    .replace(/[\r\n]+/g, ' ')
    .slice(0, LONGEST_ERROR);
  return { body: null, headers: { ...correlation(request), [ERROR]: line }, origin: request.incoming };
}

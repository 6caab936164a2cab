import {
  type Attributes,
  type Context,
  context as contexts,
  createContextKey,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { CallScope } from '../delivery/index.js';
import type { Headers, Incoming } from '../driver/index.js';
import { errorTypeOf } from './attributes.js';
import { MESSAGING, OWN } from './conventions.js';

const HANDLED = createContextKey('nestjs-multi-broker handled');

/** The span of the handler that runs now, or of one that a publish is made in. */
export function handledIn(context: Context): ProcessSpan | undefined {
  return context.getValue(HANDLED) as ProcessSpan | undefined;
}

/**
 * The span of one message that is handled, from its first call to its end, retries in place included; or of one call with
 * several messages. A message that is held, or redelivered by the server, has a further span then, which is linked to it.
 */
export class ProcessSpan {
  /** Within it handlers run, and their results are published. */
  readonly context: Context;
  /** Most have one member: a set for each message would cost more than the rest. */
  private member: Incoming | undefined;
  private others: Set<Incoming> | undefined;
  /** Of all that were ever members: what a handler has begun may publish after its end. */
  private headers: Headers | undefined;
  private othersHeaders: Headers[] | undefined;
  private failure: Error | undefined;
  private calledAt: number | undefined;
  private tookMs: number | undefined;

  constructor(
    readonly span: Span,
    parent: Context,
    /** Attributes of its duration. */
    readonly measured: Attributes,
    private readonly measure: (ms: number, attributes: Attributes) => void,
  ) {
    this.context = trace.setSpan(parent, span).setValue(HANDLED, this);
  }

  readonly scope: CallScope = (call) => contexts.with(this.context, call);

  get isOpen(): boolean {
    return this.member !== undefined || (this.others !== undefined && this.others.size > 0);
  }

  get place(): SpanContext {
    return this.span.spanContext();
  }

  /** The message takes part in its calls. */
  add(message: Incoming, headers: Headers): void {
    if (this.headers === undefined) {
      this.member = message;
      this.headers = headers;
      return;
    }
    (this.others ??= new Set()).add(message);
    (this.othersHeaders ??= []).push(headers);
  }

  /** Whether one of its messages had this header: then nobody has set it since. */
  came(name: string, value: string): boolean {
    if (this.headers?.[name] === value) return true;
    return this.othersHeaders?.some((headers) => headers[name] === value) === true;
  }

  called(): void {
    this.calledAt = performance.now();
    this.failure = undefined;
  }

  calledAgain(attempt: number): void {
    this.called();
    this.span.addEvent('retry', { [OWN.attempt]: attempt });
  }

  /** The handler has ended: how, is known later. */
  callOver(): void {
    if (this.calledAt === undefined) return;
    this.tookMs = performance.now() - this.calledAt;
    this.calledAt = undefined;
  }

  failed(error: Error): void {
    this.failure = error;
    this.span.recordException(error);
    this.record();
  }

  /** A message takes no part in it any more; with the last one it ends. */
  leave(message: Incoming, outcome?: string): void {
    if (!this.remove(message)) return;
    if (outcome !== undefined) this.span.setAttribute(OWN.outcome, outcome);
    if (this.isOpen) return;
    this.record();
    const { failure } = this;
    if (failure !== undefined) {
      this.span.setAttribute(MESSAGING.errorType, errorTypeOf(failure));
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    }
    this.span.end();
  }

  private remove(message: Incoming): boolean {
    if (this.member !== message) return this.others?.delete(message) === true;
    this.member = undefined;
    return true;
  }

  /** The duration of the newest call, once. */
  private record(): void {
    const { tookMs, failure, measured } = this;
    if (tookMs === undefined) return;
    this.tookMs = undefined;
    this.measure(
      tookMs,
      failure === undefined ? measured : { ...measured, [MESSAGING.errorType]: errorTypeOf(failure) },
    );
  }
}

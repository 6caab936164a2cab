import {
  type Attributes,
  type Context,
  context as contexts,
  type Link,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { LETTER, type ObservedSend, type SendObserver, type SendOutcome } from '../delivery/index.js';
import type { Headers } from '../driver/index.js';
import { errorTypeOf, setPosition } from './attributes.js';
import { MESSAGING } from './conventions.js';
import type { Instruments } from './instruments.js';
import type { KnownSpans } from './known-spans.js';
import { handledIn, type ProcessSpan } from './process-span.js';
import type { SentAttributes } from './sent-attributes.js';

/** A send under way. */
class Sending {
  readonly since = performance.now();

  constructor(
    readonly span: Span,
    readonly measured: Attributes,
  ) {}
}

/** Makes the producer spans, `send` and `request`, and writes their context into the messages. */
export class SendSpans implements SendObserver {
  constructor(
    private readonly tracer: Tracer,
    private readonly instruments: Instruments,
    private readonly attributes: SentAttributes,
    private readonly known: KnownSpans,
  ) {}

  sending(send: ObservedSend): void {
    const { parent, handled, links } = this.origin(send);
    const { name, measured, template } = this.attributes.of(send);
    const attributes = this.attributes.ofMessage(template, send);
    const span = this.tracer.startSpan(name, { kind: SpanKind.PRODUCER, attributes, links }, parent);
    send.kept = new Sending(span, measured);
    send.headers = written(trace.setSpan(parent, span), send.message.headers, handled);
    if (send.message.headers?.[LETTER.binding] !== undefined) this.known.letters.set(send.message, span.spanContext());
  }

  sent(send: ObservedSend, { error, position }: SendOutcome): void {
    const sending = send.kept;
    if (!(sending instanceof Sending)) return;
    send.kept = undefined;
    const { span, measured, since } = sending;
    const type = error && { [MESSAGING.errorType]: errorTypeOf(error) };
    if (error !== undefined) {
      span.recordException(error);
      span.setAttributes(type ?? {});
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    if (position !== undefined) setPosition(span, send.kind, position);
    span.end();
    this.instruments.sent(performance.now() - since, type === undefined ? measured : { ...measured, ...type });
  }

  /** The parent: of what a handler gave its span; of a publish by code what runs now; or what its headers say. */
  private origin(send: ObservedSend): Origin {
    const { origin, headers } = send.message;
    const of = send.isOfOrigin && origin !== undefined ? this.known.handled.get(origin) : undefined;
    const active = of?.context ?? contexts.active();
    const handled = of ?? handledIn(active);
    const own = headers && ownContext(active, headers, handled);
    if (own === undefined) return { parent: active, handled, links: NO_LINKS };
    const left = trace.getSpanContext(active);
    return { parent: own, handled, links: left === undefined ? [] : [{ context: left }] };
  }
}

interface Origin {
  readonly parent: Context;
  readonly handled: ProcessSpan | undefined;
  readonly links: Link[];
}

const NO_LINKS: Link[] = [];

/** A context that the publisher has written into the headers: it stays the parent. */
function ownContext(active: Context, headers: Headers, handled: ProcessSpan | undefined): Context | undefined {
  const isOwn = propagation.fields().some((name) => name !== BAGGAGE && isSet(name, headers, handled));
  if (!isOwn) return undefined;
  const extracted = propagation.extract(active, headers);
  const place = trace.getSpanContext(extracted);
  const isActive = place === undefined || place.spanId === trace.getSpanContext(active)?.spanId;
  return isActive ? undefined : extracted;
}

/** Whether the header is the publisher's, and not passed on from the message that is handled. */
function isSet(name: string, headers: Headers, handled: ProcessSpan | undefined): boolean {
  const value = headers[name];
  return value !== undefined && handled?.came(name, value) !== true;
}

const BAGGAGE = 'baggage';

/** The headers of a context. A trace state that belongs to another parent goes; the publisher's own baggage stays. */
function written(context: Context, before: Headers = {}, handled: ProcessSpan | undefined): ObservedSend['headers'] {
  const headers: Record<string, string | undefined> = {};
  propagation.inject(context, headers);
  if (isSet(BAGGAGE, before, handled)) Reflect.deleteProperty(headers, BAGGAGE);
  if (headers['traceparent'] === undefined) return Object.keys(headers).length === 0 ? undefined : headers;
  if (before['tracestate'] !== undefined) headers['tracestate'] ??= undefined;
  return headers;
}

import {
  type Attributes,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import {
  type CallScope,
  type DeliveryContext,
  type DeliveryObserver,
  type ObservedDelivery,
  outcomeOf,
  type SentLetter,
  type TracedOutcome,
  type WaitsFor,
} from '../delivery/index.js';
import type { Incoming, Settlement } from '../driver/index.js';
import { MESSAGING, OWN } from './conventions.js';
import type { HandledAttributes } from './handled-attributes.js';
import type { Instruments } from './instruments.js';
import type { KnownSpans } from './known-spans.js';
import { ProcessSpan } from './process-span.js';

/** Makes the consumer spans: `process` of a message, or of a batch. */
export class DeliverySpans implements DeliveryObserver {
  /** By what each is measured, as that names the server that the client is connected to: another one later. */
  private readonly held = new WeakMap<Incoming, Attributes>();
  private readonly outcomes = new WeakMap<ObservedDelivery, TracedOutcome>();

  constructor(
    private readonly tracer: Tracer,
    private readonly instruments: Instruments,
    private readonly attributes: HandledAttributes,
    private readonly known: KnownSpans,
  ) {}

  called(delivery: ObservedDelivery, context: DeliveryContext, joins?: ObservedDelivery): CallScope | undefined {
    const { incoming, binding } = delivery;
    const before = this.known.handled.get(incoming);
    this.unheld(delivery);
    if (before === undefined) this.instruments.consumed(this.measuredBy(delivery));
    else if (binding.batch === undefined && before.isOpen) {
      before.calledAgain(context.message.attempt);
      return before.scope;
    }
    const first = joins && this.known.handled.get(joins.incoming);
    const span = first ?? this.begin(delivery, context, before);
    if (first !== undefined) this.join(first, delivery, context, before);
    span.add(incoming, context.textHeaders);
    before?.leave(incoming);
    this.known.handled.set(incoming, span);
    return joins === undefined ? span.scope : undefined;
  }

  callOver({ incoming }: ObservedDelivery): void {
    this.known.handled.get(incoming)?.callOver();
  }

  failed({ incoming }: ObservedDelivery, error: Error): void {
    this.known.handled.get(incoming)?.failed(error);
  }

  waits(delivery: ObservedDelivery, what: WaitsFor, ms: number): void {
    const span = this.known.handled.get(delivery.incoming);
    span?.span.addEvent(what === 'retry' ? 'wait for retry' : 'hold', { [OWN.waitMs]: ms });
    if (what === 'retry') return;
    span?.leave(delivery.incoming, 'held');
    const measured = this.measuredBy(delivery);
    this.held.set(delivery.incoming, measured);
    this.instruments.held(1, measured);
  }

  settled(delivery: ObservedDelivery, how: Settlement, letter?: SentLetter): void {
    this.outcomes.set(delivery, outcomeOf(how, letter));
    if (letter !== undefined) this.parked(delivery, letter);
    if (typeof how !== 'object') return;
    this.instruments.redelivered(this.measuredBy(delivery));
    this.known.handled.get(delivery.incoming)?.span.addEvent('redelivery', { [OWN.waitMs]: how.redeliverInMs });
  }

  ended(delivery: ObservedDelivery): void {
    this.unheld(delivery);
    const outcome = this.outcomes.get(delivery) ?? 'unsettled';
    this.known.handled.get(delivery.incoming)?.leave(delivery.incoming, outcome);
  }

  lost(delivery: ObservedDelivery): void {
    this.unheld(delivery);
    this.known.handled.get(delivery.incoming)?.span.addEvent('lane lost');
  }

  /** A single message goes on with the trace of its publisher. A batch begins one, with links to its messages'. */
  private begin(delivery: ObservedDelivery, context: DeliveryContext, before: ProcessSpan | undefined): ProcessSpan {
    const { binding, batchSize = 1 } = delivery;
    const came = propagation.extract(ROOT_CONTEXT, context.textHeaders);
    const isSeveral = binding.batch !== undefined && batchSize > 1;
    const parent = isSeveral ? ROOT_CONTEXT : came;
    const handled = this.attributes.of(delivery);
    const attributes = isSeveral
      ? this.attributes.ofBatch(handled, delivery)
      : this.attributes.ofMessage(handled, delivery, context);
    if (binding.batch !== undefined) attributes[MESSAGING.batchSize] = batchSize;
    if (!isSeveral && context.message.attempt > 1) attributes[OWN.attempt] = context.message.attempt;
    const links = [...linkBefore(before), ...(isSeveral ? linkTo(trace.getSpanContext(came)) : NO_LINKS)];
    const span = this.tracer.startSpan(handled.name, { kind: SpanKind.CONSUMER, attributes, links }, parent);
    const made = new ProcessSpan(span, parent, handled.measured, this.instruments.processed);
    made.called();
    return made;
  }

  private join(
    { span }: ProcessSpan,
    { incoming }: ObservedDelivery,
    context: DeliveryContext,
    before: ProcessSpan | undefined,
  ): void {
    const came = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, context.textHeaders));
    const id = { [MESSAGING.messageId]: incoming.position };
    span.addLinks([...linkBefore(before), ...linkTo(came, id)]);
  }

  private parked(delivery: ObservedDelivery, { broker, to, message }: SentLetter): void {
    this.instruments.deadLettered(this.measuredBy(delivery));
    const span = this.known.handled.get(delivery.incoming)?.span;
    const letter = { [OWN.deadLetterBroker]: broker, [OWN.deadLetterDestination]: to.address };
    span?.addEvent('dead letter', letter);
    span?.addLinks(linkTo(this.known.letters.get(message), { ...letter, [OWN.link]: 'dead letter' }));
  }

  private unheld({ incoming }: ObservedDelivery): void {
    const measured = this.held.get(incoming);
    if (measured === undefined) return;
    this.held.delete(incoming);
    this.instruments.held(-1, measured);
  }

  private measuredBy(delivery: ObservedDelivery): Attributes {
    return this.attributes.of(delivery).measured;
  }
}

const NO_LINKS: readonly Link[] = [];

function linkTo(context: SpanContext | undefined, attributes: Attributes = {}): Link[] {
  return context === undefined ? [] : [{ context, attributes }];
}

/** To the span in which the message was handled before. */
function linkBefore(before: ProcessSpan | undefined): Link[] {
  return before === undefined ? [] : linkTo(before.place, { [OWN.link]: 'called before' });
}

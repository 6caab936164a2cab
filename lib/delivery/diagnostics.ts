import { channel } from 'node:diagnostics_channel';
import type { Broker, Incoming, Lane, Settlement } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { Binding, DeliveryContext } from './binding.js';
import type { SentLetter } from './dead-letter/sent-letter.js';
import type { Disposition } from './disposition.js';
import { type TraceChannels, traceChannels } from './trace-channels.js';

/** The fate of a delivery. `unsettled`: its handler may settle it yet, or the server redelivers it. */
export type TracedOutcome = 'acked' | 'rejected' | 'dead-lettered' | 'redelivered' | 'unsettled';

type Step =
  | { readonly name: 'called'; readonly context: DeliveryContext; readonly joins?: ObservedDelivery | undefined }
  | { readonly name: 'callOver' | 'ended' | 'lost' }
  | { readonly name: 'failed'; readonly disposition: Disposition; readonly error: Error }
  | { readonly name: 'waits'; readonly what: WaitsFor; readonly ms: number }
  | { readonly name: 'settled'; readonly how: Settlement; readonly letter: SentLetter | undefined };

/** One delivery, the same object in all of its events. It holds neither payload nor headers. */
export class DeliveryTrace {
  readonly broker: string;
  readonly kind: string;
  /** The topic or subject. */
  readonly address: string;
  /** `Class.method`; of a message that none of several handlers took, all of them. */
  handler: string;
  /** `message.id`: the position of the message on the server. */
  readonly messageId: string;
  /** The number of the newest call, as `message.attempt` has it. */
  attempt: number;
  /** Of the newest call, if it or a publish of its result has failed. */
  error: Error | undefined = undefined;
  /** How long the next call waits, in milliseconds. */
  waitMs: number | undefined = undefined;
  outcome: TracedOutcome | undefined = undefined;
  /** @internal A listener's own record. */
  observed: unknown = undefined;
  // Private, as it leads to payload and headers, which are for no log.
  readonly #delivery: ObservedDelivery;
  #step: Step | undefined;
  /** Of the newest call; undefined without an observer that has one. */
  #scope: CallScope | undefined;

  constructor(delivery: ObservedDelivery) {
    const { broker, binding, incoming } = delivery;
    this.#delivery = delivery;
    this.broker = broker.name;
    this.kind = broker.kind;
    this.address = incoming.address;
    this.handler = binding.handler;
    this.messageId = incoming.position;
    this.attempt = incoming.deliveryCount;
  }

  /** @internal */
  static of(delivery: ObservedDelivery, step: Step): DeliveryTrace {
    const trace = (delivery.trace ??= new DeliveryTrace(delivery));
    trace.#step = step;
    return trace;
  }

  /** @internal Passes an event on to the observers of its application; not one of another copy of this package. */
  static tell(trace: unknown, observers: Pick<WeakMap<object, readonly DeliveryObserver[]>, 'get'>): void {
    if (typeof trace !== 'object' || trace === null || !(#delivery in trace)) return;
    const delivery = trace.#delivery;
    const step = trace.#step;
    if (step === undefined) return;
    for (const observer of observers.get(delivery.application) ?? NOBODY) {
      if (step.name === 'called') {
        trace.#scope = observer.called(delivery, step.context, step.joins) ?? trace.#scope;
      } else tellStep(observer, delivery, step);
    }
  }

  /** @internal */
  static call<T>(trace: DeliveryTrace, call: () => T): T {
    const scope = trace.#scope;
    trace.#scope = undefined;
    return scope === undefined ? call() : scope(call);
  }
}

/**
 * Makes a call within something that an observer keeps for it, such as its span. A store that is bound to the channel
 * would do, but OpenTelemetry does not show the one in which it keeps the active span.
 */
export type CallScope = <T>(call: () => T) => T;

const NOBODY: readonly DeliveryObserver[] = [];

function tellStep(
  observer: DeliveryObserver,
  delivery: ObservedDelivery,
  step: Exclude<Step, { readonly name: 'called' }>,
): void {
  switch (step.name) {
    case 'callOver':
      observer.callOver(delivery);
      break;
    case 'settled':
      observer.settled(delivery, step.how, step.letter);
      break;
    case 'ended':
      observer.ended(delivery);
      break;
    case 'failed':
      observer.failed(delivery, step.error, step.disposition);
      break;
    case 'waits':
      observer.waits(delivery, step.what, step.ms);
      break;
    case 'lost':
      observer.lost(delivery);
      break;
  }
}

const deliveries = traceChannels<DeliveryTrace>('nestjs-multi-broker:delivery');
const waits = channel('nestjs-multi-broker:delivery:wait');
const settlements = channel('nestjs-multi-broker:delivery:settle');
const losses = channel('nestjs-multi-broker:delivery:lost');

/** The channels of deliveries, in the order in which a delivery comes to them. */
export const DELIVERY_CHANNELS: readonly (string | symbol)[] = [
  ...[deliveries.start, deliveries.end, deliveries.error, waits, settlements, deliveries.asyncEnd, losses],
].map(({ name }) => name);

// One object for each, as most deliveries have them.
const CALL_OVER: Step = { name: 'callOver' };
const ENDED: Step = { name: 'ended' };
const LOST: Step = { name: 'lost' };
const ACKED: Step = { name: 'settled', how: 'ack', letter: undefined };

/** Asked before {@link traceCall}: without a subscriber a call makes no closure. */
export function isCallTraced(): boolean {
  return deliveries.start.hasSubscribers;
}

/** Calls the handler within the stores that subscribers have bound to `start`. */
export function traceCall<T>(delivery: ObservedDelivery, context: DeliveryContext, call: () => T): T {
  const trace = begun(delivery, context);
  return deliveries.start.runStores(trace, () => DeliveryTrace.call(trace, call));
}

function begun(delivery: ObservedDelivery, context: DeliveryContext, joins?: ObservedDelivery): DeliveryTrace {
  const trace = DeliveryTrace.of(delivery, { name: 'called', context, joins });
  trace.attempt = context.message.attempt;
  // A filter that failed before may let another handler take the message now.
  trace.handler = delivery.binding.handler;
  trace.error = undefined;
  trace.waitMs = undefined;
  return trace;
}

/** The message takes part in the call of another one, within the stores that are bound to that one. */
export function traceJoined(delivery: ObservedDelivery, context: DeliveryContext, first: ObservedDelivery): void {
  if (!deliveries.start.hasSubscribers) return;
  deliveries.start.publish(begun(delivery, context, first));
}

/** The handler has returned or thrown; publishes of its result may follow. */
export function traceCallOver(delivery: ObservedDelivery): void {
  if (deliveries.end.hasSubscribers) deliveries.end.publish(DeliveryTrace.of(delivery, CALL_OVER));
}

/** A call, or a publish of its result, has failed. */
export function traceFailure(delivery: ObservedDelivery, error: Error, disposition: Disposition): void {
  if (!deliveries.error.hasSubscribers) return;
  const trace = DeliveryTrace.of(delivery, { name: 'failed', disposition, error });
  trace.error = error;
  deliveries.error.publish(trace);
}

/** The next call waits: a retry in place, or a message that is held at the head of its lane. */
export function traceWait(delivery: ObservedDelivery, what: WaitsFor, ms: number): void {
  if (!waits.hasSubscribers) return;
  const trace = DeliveryTrace.of(delivery, { name: 'waits', what, ms });
  trace.waitMs = ms;
  waits.publish(trace);
}

function outcomeOf(how: Settlement): TracedOutcome {
  if (typeof how === 'object') return 'redelivered';
  return how === 'ack' ? 'acked' : 'rejected';
}

/** The message is settled, at most once; one that was acked before its call is told again where it is parked. */
export function traceSettlement(delivery: ObservedDelivery, how: Settlement, letter?: SentLetter): void {
  if (!settlements.hasSubscribers && delivery.trace === undefined) return;
  const isAck = how === 'ack' && letter === undefined;
  const trace = DeliveryTrace.of(delivery, isAck ? ACKED : { name: 'settled', how, letter });
  trace.outcome = letter === undefined ? outcomeOf(how) : 'dead-lettered';
  settlements.publish(trace);
}

/** Nothing of the delivery runs any more. After a manual nack it may be called again. */
export function traceEnd(delivery: ObservedDelivery): void {
  if (!deliveries.asyncEnd.hasSubscribers) return;
  const trace = DeliveryTrace.of(delivery, ENDED);
  trace.outcome ??= 'unsettled';
  deliveries.asyncEnd.publish(trace);
}

/** Its lane was taken away: the message is not settled here, and whoever reads next gets it again. */
export function traceLoss(delivery: ObservedDelivery): void {
  if (losses.hasSubscribers) losses.publish(DeliveryTrace.of(delivery, LOST));
}

/**
 * Runs a step that a channel traces: `start`, `error` if it fails, `asyncEnd`. Unlike `tracePromise()` of Node it adds
 * no `result`, which may be a payload.
 */
export async function traced<C extends { error?: Error }, T>(
  { start, error, asyncEnd }: TraceChannels<C>,
  trace: C,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await start.runStores(trace, act);
  } catch (thrown) {
    trace.error = asError(thrown);
    error.publish(trace);
    throw thrown;
  } finally {
    asyncEnd.publish(trace);
  }
}

/** A delivery as an observer sees it: the same object from its first call to its end. */
export interface ObservedDelivery {
  readonly broker: Broker;
  /** The handler that has taken the message, or all that share its source. */
  readonly binding: Binding;
  /** What is subscribed: the handler, or all that share its source. */
  readonly subscribed: Binding;
  readonly lane: Lane;
  readonly incoming: Incoming;
  readonly application: object;
  /** With `batch`: messages of the newest call. */
  readonly batchSize?: number;
  /** Made with its first event, where somebody listens. */
  trace: DeliveryTrace | undefined;
}

/**
 * Why a delivery waits by the clock: for a retry in place, or held at the head of its lane.
 */
export type WaitsFor = 'retry' | 'hold';

/**
 * Observes deliveries: for a test, or for telemetry. Called within the delivery's own steps, so it must not throw. The
 * order: for each call `called`, `callOver`, after a failure `failed`, then `waits` if the handler is called again;
 * `settled` at most once, and again where a message that was acked first is parked; `ended` when nothing of it runs any
 * more. A message that its handler settles after its end is `settled` after it was `ended`, and after a nack of its
 * handler it may be `called` again.
 */
export interface DeliveryObserver {
  /**
   * Decoding, schema, filter and guards belong to the call.
   *
   * @param joins with `batch`: the first message of the call, where this one is another
   * @returns what the call is made within; of the observers that return something the last one's
   */
  called(delivery: ObservedDelivery, context: DeliveryContext, joins?: ObservedDelivery): CallScope | undefined | void;
  /** The handler has returned or failed; publishes of its result may follow. */
  callOver(delivery: ObservedDelivery): void;
  /** A call or a publish of its result failed for good. */
  failed(delivery: ObservedDelivery, error: Error, disposition: Disposition): void;
  waits(delivery: ObservedDelivery, what: WaitsFor, ms: number): void;
  /** @param letter where the message was parked */
  settled(delivery: ObservedDelivery, how: Settlement, letter?: SentLetter): void;
  ended(delivery: ObservedDelivery): void;
  /** Its lane is gone: it is never settled, and the next reader gets the message again. */
  lost(delivery: ObservedDelivery): void;
}

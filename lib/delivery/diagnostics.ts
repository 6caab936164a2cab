import { channel } from 'node:diagnostics_channel';
import type { Settlement } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { DeliveryContext } from './binding.js';
import type { SentLetter } from './dead-letter/sent-letter.js';
import type { ObservedDelivery, WaitsFor } from './delivery-observer.js';
import type { Disposition } from './disposition.js';
import type { DeliveryObservers } from './observe.js';
import { type TraceChannels, traceChannels } from './trace-channels.js';

/** The fate of a delivery. `unsettled`: its handler may settle it yet, or the server redelivers it. */
export type TracedOutcome = 'acked' | 'rejected' | 'dead-lettered' | 'redelivered' | 'unsettled';

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

  constructor(delivery: ObservedDelivery) {
    const { broker, binding, incoming } = delivery;
    this.broker = broker.name;
    this.kind = broker.kind;
    this.address = incoming.address;
    this.handler = binding.handler;
    this.messageId = incoming.position;
    this.attempt = incoming.deliveryCount;
  }
}

/** A delivery, with those that it is told to: observers of its application, and listeners of channels. */
export interface TracedDelivery extends ObservedDelivery {
  readonly observers: DeliveryObservers;
  /** Made with its first event, where somebody listens. */
  trace: DeliveryTrace | undefined;
}

const deliveries = traceChannels<DeliveryTrace>('nestjs-multi-broker:delivery');
const waits = channel('nestjs-multi-broker:delivery:wait');
const settlements = channel('nestjs-multi-broker:delivery:settle');
const losses = channel('nestjs-multi-broker:delivery:lost');

/** A listener of any channel is told what became of the delivery before: its attempt, its error, its outcome. */
function isListenedTo(): boolean {
  const { start, end, error, asyncEnd } = deliveries;
  if (start.hasSubscribers || end.hasSubscribers || error.hasSubscribers || asyncEnd.hasSubscribers) return true;
  return waits.hasSubscribers || settlements.hasSubscribers || losses.hasSubscribers;
}

/** Asked before {@link traceCall}: where nobody listens a call makes no closure. */
export function isCallTraced({ observers }: Pick<TracedDelivery, 'observers'>): boolean {
  return observers.any || isListenedTo();
}

/** Calls the handler within the stores that subscribers have bound to `start`, and within what observers keep for it. */
export function traceCall<T>(delivery: TracedDelivery, context: DeliveryContext, call: () => T): T {
  if (!isListenedTo()) return observed(delivery, context, call);
  return deliveries.start.runStores(begun(delivery, context), () => observed(delivery, context, call));
}

function observed<T>(delivery: TracedDelivery, context: DeliveryContext, call: () => T): T {
  const scope = delivery.observers.called(delivery, context);
  return scope === undefined ? call() : scope(call);
}

function begun(delivery: TracedDelivery, context: DeliveryContext): DeliveryTrace {
  const trace = traceOf(delivery);
  trace.attempt = context.message.attempt;
  // A filter that failed before may let another handler take the message now.
  trace.handler = delivery.binding.handler;
  trace.error = undefined;
  trace.waitMs = undefined;
  return trace;
}

function traceOf(delivery: TracedDelivery): DeliveryTrace {
  return (delivery.trace ??= new DeliveryTrace(delivery));
}

/** The message takes part in the call of another one, within the stores that are bound to that one. */
export function traceJoined(delivery: TracedDelivery, context: DeliveryContext, first: ObservedDelivery): void {
  if (isListenedTo()) deliveries.start.publish(begun(delivery, context));
  delivery.observers.called(delivery, context, first);
}

/** The handler has returned or thrown; publishes of its result may follow. */
export function traceCallOver(delivery: TracedDelivery): void {
  if (delivery.observers.any) delivery.observers.callOver(delivery);
  if (deliveries.end.hasSubscribers) deliveries.end.publish(traceOf(delivery));
}

/** A call, or a publish of its result, has failed. */
export function traceFailure(delivery: TracedDelivery, error: Error, disposition: Disposition): void {
  delivery.observers.failed(delivery, error, disposition);
  if (!isListenedTo()) return;
  const trace = traceOf(delivery);
  trace.error = error;
  deliveries.error.publish(trace);
}

/** The next call waits: a retry in place, or a message that is held at the head of its lane. */
export function traceWait(delivery: TracedDelivery, what: WaitsFor, ms: number): void {
  delivery.observers.waits(delivery, what, ms);
  if (!isListenedTo()) return;
  const trace = traceOf(delivery);
  trace.waitMs = ms;
  waits.publish(trace);
}

/** @param letter where the message was parked */
export function outcomeOf(how: Settlement, letter?: SentLetter): TracedOutcome {
  if (letter !== undefined) return 'dead-lettered';
  if (typeof how === 'object') return 'redelivered';
  return how === 'ack' ? 'acked' : 'rejected';
}

/** The message is settled, at most once; one that was acked before its call is told again where it is parked. */
export function traceSettlement(delivery: TracedDelivery, how: Settlement, letter?: SentLetter): void {
  if (delivery.observers.any) delivery.observers.settled(delivery, how, letter);
  if (!settlements.hasSubscribers && delivery.trace === undefined) return;
  const trace = traceOf(delivery);
  trace.outcome = outcomeOf(how, letter);
  settlements.publish(trace);
}

/** Nothing of the delivery runs any more. After a manual nack it may be called again. */
export function traceEnd(delivery: TracedDelivery): void {
  if (delivery.observers.any) delivery.observers.ended(delivery);
  if (!deliveries.asyncEnd.hasSubscribers) return;
  const trace = traceOf(delivery);
  trace.outcome ??= 'unsettled';
  deliveries.asyncEnd.publish(trace);
}

/** Its lane was taken away: the message is not settled here, and whoever reads next gets it again. */
export function traceLoss(delivery: TracedDelivery): void {
  delivery.observers.lost(delivery);
  if (losses.hasSubscribers) losses.publish(traceOf(delivery));
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

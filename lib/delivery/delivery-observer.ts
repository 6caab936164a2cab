import type { Broker, Incoming, Lane, Settlement } from '../driver/index.js';
import type { Binding, DeliveryContext } from './binding.js';
import type { SentLetter } from './dead-letter/sent-letter.js';
import type { Disposition } from './disposition.js';

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
  /** An observer's own record: a map costs a test as much as a handler's call. */
  observed: unknown;
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

/**
 * Makes a call within something that an observer keeps for it, such as its span. A store that is bound to the channel
 * would do, but OpenTelemetry does not show the one in which it keeps the active span.
 */
export type CallScope = <T>(call: () => T) => T;

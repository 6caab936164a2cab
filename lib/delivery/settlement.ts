import type { Settlement } from '../driver/index.js';
import type { WantedSettlement } from './delivery-context.js';
import { errorOf } from '../errors/index.js';
import { rejectionOf, reportLateSettlement, reportRejection } from './failure-report.js';
import type { FailedDelivery } from './lane-context.js';
import { callAfterNack, parkByHand, type Recoverable } from './recovery.js';
import { redeliveryDelayMs } from './retry.js';
import { settlementIn } from './thrown-settlement.js';

/** A settlement by the handler: how it is passed to the server, and what follows here. */
export type ManualSettlement = ManualAck | ManualNack | ManualReject | ManualPark;

interface ManualAck {
  readonly kind: 'ack';
  readonly how: 'ack';
}

interface ManualNack {
  readonly kind: 'nack';
  /** Undefined on a lane that holds failed messages: the handler is called again in place. */
  readonly how: Settlement | undefined;
  readonly inMs: number;
}

interface ManualReject {
  readonly kind: 'reject';
  readonly how: 'reject';
  /** A requester is answered with it. */
  readonly refusal: Error;
}

/** Settled once its dead letter is confirmed. */
interface ManualPark {
  readonly kind: 'park';
  readonly how: undefined;
  readonly refusal: Error;
}

const ACK: ManualAck = { kind: 'ack', how: 'ack' };

/** A delivery as it is settled by its handler. */
export interface ManuallySettled extends Recoverable {
  manual: ManualSettlement | undefined;
}

/** The handler acks, nacks or rejects, by its newest context or an earlier one. False: it is settled already. */
export function settleManually(delivery: ManuallySettled, wanted: WantedSettlement, byNewest: boolean): boolean {
  if (delivery.superseded) {
    reportLateSettlement(delivery);
    return true;
  }
  if (delivery.settled || delivery.manual !== undefined || !byNewest) return false;
  const manual = manualSettlement(wanted, delivery);
  delivery.manual = manual;
  if (manual.how !== undefined) delivery.settle(manual.how);
  else if (!delivery.active) carryOut(delivery, manual);
  return true;
}

/** The handler has thrown an ack or a nack. False: the error says nothing of that, or the message is settled already. */
export function settleAsThrown(delivery: ManuallySettled, error: Error): boolean {
  const wanted = settlementIn(error);
  if (wanted === undefined || !settleManually(delivery, wanted, true)) return false;
  if (wanted === 'ack') answerNothing(delivery);
  finishManually(delivery, undefined);
  return true;
}

/** As after a handler that has returned nothing. */
function answerNothing(delivery: ManuallySettled): void {
  const { host, responder } = delivery.context;
  host.counts.handled++;
  responder.answer(delivery.lastContext(), undefined);
}

/**
 * The handler is over and had settled the message: calls it again after a nack, writes its dead letter, answers a
 * requester after a reject.
 */
export function finishManually(delivery: ManuallySettled, failure: Error | undefined): void {
  const { manual } = delivery;
  if (manual !== undefined && manual.kind !== 'ack' && manual.how === undefined && !delivery.settled) {
    carryOut(delivery, manual);
    return;
  }
  const refusal = manual?.kind === 'reject' ? manual.refusal : failure;
  // A requester gets no failure of a message that is redelivered: the next attempt may answer.
  if (refusal !== undefined && manual?.kind !== 'nack') delivery.context.responder.fail(delivery.message, refusal);
  delivery.end();
}

/** A settlement that the server is not told of yet; the lane waits for it. */
function carryOut(delivery: ManuallySettled, manual: ManualNack | ManualReject | ManualPark): void {
  const forget = (): void => {
    delivery.manual = undefined;
  };
  delivery.strand.held(delivery, () =>
    manual.kind === 'nack'
      ? callAfterNack(delivery, manual.inMs, forget)
      : parkByHand(delivery, manual.refusal, forget),
  );
}

/** An ack, nack or reject as its lane can grant it. */
function manualSettlement(wanted: WantedSettlement, delivery: FailedDelivery): ManualSettlement {
  if (wanted === 'ack') return ACK;
  if ('park' in wanted) return parked(delivery, wanted.park ?? 'parked by its handler');
  if ('reject' in wanted) return rejected(delivery, wanted.reject ?? 'rejected by its handler');
  return nacked(delivery, wanted.nackInMs ?? redeliveryDelayMs(1));
}

function nacked(delivery: FailedDelivery, inMs: number): ManualNack | ManualReject | ManualPark {
  switch (delivery.redelivery) {
    case 'none':
      return rejected(delivery, 'nacked by its handler, and its source does not redeliver');
    case 'server':
      return { kind: 'nack', how: { redeliverInMs: inMs }, inMs };
    case 'in-place':
      return { kind: 'nack', how: undefined, inMs };
  }
}

/** What a handler gives up is parked where it has a dead letter. */
function rejected(delivery: FailedDelivery, reason: string): ManualReject | ManualPark {
  return delivery.context.binding.deadLetter === undefined ? dropped(delivery, reason) : parked(delivery, reason);
}

function dropped(delivery: FailedDelivery, reason: string): ManualReject {
  return { kind: 'reject', how: 'reject', refusal: reportRejection(delivery, reason) };
}

/** @throws MULTI_BROKER_NO_DEAD_LETTER */
function parked(delivery: FailedDelivery, reason: string): ManualPark | ManualReject {
  const { broker, handler, deadLetter, redrives } = delivery.context.binding;
  if (deadLetter !== undefined) return { kind: 'park', how: undefined, refusal: rejectionOf(delivery, reason) };
  if (redrives === true) return dropped(delivery, reason);
  throw errorOf('MULTI_BROKER_NO_DEAD_LETTER', { handler }, { broker });
}

import type { Settlement } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { whenLaneEnds, whenPaused } from './ack-policy.js';
import { type Parked, type SentLetter, writeLetter } from './dead-letter/index.js';
import type { WaitsFor } from './delivery-observer.js';
import { type TracedDelivery, traceFailure, traceSettlement, traceWait } from './diagnostics.js';
import type { Disposition, Hold, Leave, Park, Retry, Settle } from './disposition.js';
import {
  reportDisposition,
  reportFailure,
  reportParked,
  reportSettledByFilter,
  reportUnparked,
} from './failure-report.js';
import type { InFlightDelivery } from './in-flight.js';
import type { DeliveryStrand, Failure, Turn } from './lane-context.js';

/** A delivery as its recovery drives it. */
export interface Recoverable extends Parked, InFlightDelivery, TracedDelivery {
  readonly strand: DeliveryStrand;
  /** Its lane is lost, or another delivery settles its message. */
  readonly isCut: boolean;
  /** The handler or a filter has settled the message. */
  readonly manual: object | undefined;
  /** A filter has settled it. */
  readonly settledByFilter: boolean;
  /** After its handler has settled it. */
  finishManually(failure: Error): void;
  /** The handler has thrown an {@link AckMessage} or a {@link NackMessage}, which is done. */
  settledByThrown(error: Error): boolean;
  /** Calls the handler once more, and awaits its result and its publishes. */
  callOnce(): Promise<Failure | undefined>;
  /** @param letter where the message is parked */
  settle(how: Settlement, letter?: SentLetter): void;
  end(): void;
}

/** For a message that the handler or a filter had settled before the failure. */
const SETTLED: Leave = { kind: 'leave', reason: 'settled' };

/** After a failure: waits and calls again, as the policy decides, until a call succeeds or the message is given up. */
export async function recover(delivery: Recoverable, thrown: unknown, of: Failure['of']): Promise<void> {
  let failure: Failure | undefined = { error: asError(thrown), of };
  while (failure !== undefined) {
    if (failure.of === 'call' && delivery.settledByThrown(failure.error)) return;
    const decided = decide(delivery, failure);
    const further = follow(delivery, decided instanceof Promise ? await decided : decided, failure.error);
    failure = further && (await carryOn(delivery, further, failure.error));
  }
}

/** After its handler has parked the message by hand. @param forget takes that back, if the letter cannot be written */
export async function parkByHand(delivery: Recoverable, error: Error, forget: () => void): Promise<void> {
  const failure = await park(delivery, error);
  if (failure === undefined) return;
  forget();
  await recover(delivery, failure.error, failure.of);
}

/** After a nack of a message that is held. @param forget takes the nack away */
export async function callAfterNack(delivery: Recoverable, inMs: number, forget: () => void): Promise<void> {
  const { turn, leftMs } = await turnAfter(delivery, inMs, 'hold');
  if (turn !== 'call') {
    if (delivery.context.lane.redelivery === 'server') delivery.settle({ redeliverInMs: leftMs });
    delivery.end();
    return;
  }
  if (delivery.isCut) {
    delivery.strand.idle(delivery);
    delivery.end();
    return;
  }
  forget();
  delivery.attempts.newRound();
  const failure = await delivery.callOnce();
  if (failure !== undefined) await recover(delivery, failure.error, failure.of);
}

function decide(delivery: Recoverable, failure: Failure): Disposition | Promise<Disposition> {
  if (delivery.isCut || delivery.manual !== undefined) return SETTLED;
  return delivery.context.policy.onFailure(failure, delivery);
}

/** Whether the binding's policy calls the handler again in place, and after how long. Asks it once. */
export async function retryOf(delivery: Recoverable, error: Error): Promise<Retry | undefined> {
  const decided = await decide(delivery, { error, of: 'call' });
  return decided.kind === 'retry' ? decided : undefined;
}

/** A retry of several messages in one call: reported for each of them. */
export function reportRetry(delivery: Recoverable, error: Error, retry: Retry): void {
  reportFailure(delivery, error, retry);
  traceFailure(delivery, error, retry);
  traceWait(delivery, 'retry', retry.inMs);
}

/** Reports and carries out the decision; returns it where it is a further call. */
function follow(delivery: Recoverable, disposition: Disposition, error: Error): Retry | Hold | Park | undefined {
  if (delivery.isCut) delivery.end();
  else if (delivery.manual !== undefined) failedAfterSettlement(delivery, error);
  else {
    reportFailure(delivery, error, disposition);
    traceFailure(delivery, error, disposition);
    if (disposition.kind !== 'settle' && disposition.kind !== 'leave') return disposition;
    give(delivery, disposition, error);
  }
  return undefined;
}

function carryOn(delivery: Recoverable, next: Retry | Hold | Park, error: Error): Promise<Failure | undefined> {
  return next.kind === 'park' ? park(delivery, error) : callInPlace(delivery, next, error);
}

/** Writes the dead letter, and settles the message once it is confirmed. */
async function park(delivery: Recoverable, error: Error): Promise<Failure | undefined> {
  const { deadLetter } = delivery.context.binding;
  if (deadLetter === undefined) return undefined;
  let letter: SentLetter;
  try {
    letter = await writeLetter(delivery, error, deadLetter);
  } catch (thrown) {
    if (!delivery.isCut) reportUnparked(delivery, error);
    return { error: asError(thrown), of: 'letter' };
  }
  if (!delivery.isCut) {
    reportParked(delivery, error, letter, delivery.manual !== undefined);
    delivery.context.responder.fail(delivery.message, error);
    if (delivery.settled) traceSettlement(delivery, 'ack', letter);
    else delivery.settle('ack', letter);
  }
  delivery.end();
  return undefined;
}

async function callInPlace(
  delivery: Recoverable,
  { kind, inMs }: Retry | Hold,
  before: Error,
): Promise<Failure | undefined> {
  if (kind === 'hold') delivery.attempts.hold();
  const { turn, leftMs } = await turnAfter(delivery, inMs, kind);
  if (turn !== 'call') leaveUncalled(delivery, turn, before, leftMs, kind);
  else if (!delivery.isCut && delivery.manual === undefined) return delivery.callOnce();
  else {
    delivery.strand.idle(delivery);
    if (delivery.isCut) delivery.end();
    else delivery.finishManually(before);
  }
  return undefined;
}

/** What became of a wait for a further call, and how much of its delay is left. */
interface Waited {
  readonly turn: Exclude<Turn, Promise<void>>;
  readonly leftMs: number;
}

async function turnAfter(delivery: Recoverable, inMs: number, what: WaitsFor): Promise<Waited> {
  const { strand } = delivery;
  const { clock } = delivery.context.host;
  const dueAt = clock.now() + inMs;
  await wait(delivery, inMs, what);
  let turn = strand.turn(delivery);
  while (turn instanceof Promise) {
    await turn;
    turn = strand.turn(delivery);
  }
  return { turn, leftMs: Math.max(0, dueAt - clock.now()) };
}

/** For a delivery that is not called again, as its lane ends, or is paused and its server has others to give it to. */
export function leaveUncalled(
  delivery: Recoverable,
  turn: Exclude<Waited['turn'], 'call'>,
  before: Error,
  leftMs: number,
  kind: WaitsFor = 'retry',
): void {
  const { lane } = delivery.context;
  const isHeld = kind === 'hold' && !delivery.isCut && !delivery.settled;
  if (delivery.manual !== undefined) delivery.finishManually(before);
  else
    giveUp(delivery, turn === 'paused' ? whenPaused(leftMs) : whenLaneEnds(lane, isHeld ? leftMs : undefined), before);
}

function failedAfterSettlement(delivery: Recoverable, error: Error): void {
  if (delivery.settledByFilter) reportSettledByFilter(delivery, error);
  else reportFailure(delivery, error, SETTLED);
  traceFailure(delivery, error, SETTLED);
  delivery.finishManually(error);
}

function give(delivery: Recoverable, disposition: Settle | Leave, error: Error): void {
  // A requester gets no failure of a message that is redelivered: the next attempt may answer.
  const isFinal = disposition.kind === 'settle' ? disposition.how === 'reject' : disposition.reason === 'policy';
  if (isFinal) delivery.context.responder.fail(delivery.message, error);
  if (disposition.kind === 'settle') delivery.settle(disposition.how);
  delivery.end();
}

function giveUp(delivery: Recoverable, disposition: Settle | Leave, error: Error): void {
  reportDisposition(delivery, error, disposition);
  give(delivery, disposition, error);
}

function wait(delivery: Recoverable, ms: number, what: WaitsFor): Promise<void> {
  traceWait(delivery, what, ms);
  const atOnce = what === 'retry' && delivery.context.host.retriesAtOnce;
  return delivery.strand.wait(atOnce ? 0 : ms, what);
}

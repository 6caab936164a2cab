import type { LogFields } from '../driver/index.js';
import { codeOf, errorOf, lineWithCauses } from '../errors/index.js';
import type { SentLetter } from './dead-letter/sent-letter.js';
import type { Disposition, Settle } from './disposition.js';
import { correlationIdOf } from './headers.js';
import type { FailedDelivery } from './lane-context.js';
import { attemptOf, cannotSucceed } from './retry.js';

/**
 * Another process may redeliver and handle a server's message, which this one does not see: health forgets it this
 * long after it was due.
 */
const FORGET_AFTER_MS = 120_000;

/** What becomes of a letter that fails again in a redrive. */
const STAYS = 'stays a dead letter';

/** Counts a failed call or publish, and reports it in log and health by what follows it. */
export function reportFailure(delivery: FailedDelivery, error: Error, disposition: Disposition): void {
  delivery.context.host.counts.failed++;
  reportDisposition(delivery, error, disposition);
}

/**
 * Reports what becomes of a message whose failure is counted already. A retry in place is not worth a line, and a message
 * that is to be parked is reported when it is.
 */
export function reportDisposition(delivery: FailedDelivery, error: Error, disposition: Disposition): void {
  switch (disposition.kind) {
    case 'retry':
    case 'park':
      return;
    case 'hold':
      logFailure(delivery, error, `held, retrying in ${String(disposition.inMs)} ms`);
      setHealthIssue(delivery, error);
      return;
    case 'leave':
      logFailure(delivery, error, LEFT[disposition.reason]);
      return;
    case 'settle':
      reportSettlement(delivery, error, disposition);
  }
}

const LEFT = {
  policy: 'left unsettled',
  settled: 'its handler had already settled it',
  'lane-ended': 'left unsettled, as its lane ended before the next call',
} as const;

/** Why a message goes back to its server, if not for its failure alone. */
const GIVEN_BACK: Readonly<Record<Settle['reason'], string>> = {
  paused: 'its subscription is paused; ',
  stopped: 'its lane is being stopped; ',
  failed: '',
  rejected: '',
  lost: '',
};

function reportSettlement(delivery: FailedDelivery, error: Error, { how, reason }: Settle): void {
  const { binding, host } = delivery.context;
  if (typeof how === 'object') {
    logFailure(delivery, error, `${GIVEN_BACK[reason]}redelivering in ${String(how.redeliverInMs)} ms`);
    // What was held is given to whoever reads next, and no longer this process's to tell of.
    if (reason !== 'failed') host.healthIssues.clear(delivery.incoming.position);
    else if (cannotSucceed(error)) setHealthIssue(delivery, error, how.redeliverInMs + FORGET_AFTER_MS);
    return;
  }
  host.counts.rejected++;
  if (reason === 'lost') {
    logFailure(delivery, error, 'dropped, as this source has no acknowledgement');
    return;
  }
  const fate = binding.redrives === true ? STAYS : 'rejected';
  host.rejections.set(binding, `${named(delivery)} was rejected: ${error.message}`, FORGET_AFTER_MS);
  logFailure(delivery, error, fate);
}

/** The dead letter is confirmed. */
export function reportParked(delivery: FailedDelivery, error: Error, letter: SentLetter, byHand: boolean): void {
  const { counts, log } = delivery.context.host;
  counts.deadLettered++;
  const { broker, to, position } = letter;
  const at = position === undefined ? '' : ` (${position})`;
  const fate = `parked as a dead letter in ${to.name} on broker '${broker}'${at}`;
  if (byHand) log.warn(`${named(delivery)}: ${fate}: ${error.message}`, fieldsOf(delivery, error));
  else logFailure(delivery, error, fate);
}

/** The dead letter cannot be written, which is reported as a failure of its own. */
export function reportUnparked(delivery: FailedDelivery, error: Error): void {
  logFailure(delivery, error, 'its dead letter cannot be written');
}

/** A filter returned nothing: it has handled the failure, and nothing follows. */
export function reportHandledByFilter(delivery: FailedDelivery, error: Error): void {
  warnOfFilter(delivery, error, 'its filter dealt with it');
}

/** A filter has settled the message, which is no mistake: it knows of the failure. */
export function reportSettledByFilter(delivery: FailedDelivery, error: Error): void {
  warnOfFilter(delivery, error, 'its filter settled it');
}

function warnOfFilter(delivery: FailedDelivery, error: Error, what: string): void {
  const { counts, log } = delivery.context.host;
  counts.failed++;
  log.warn(`${named(delivery)} failed, and ${what}: ${error.message}`, fieldsOf(delivery, error));
}

/**
 * Settled by its handler after the server had redelivered it. Logged and not thrown: a handler that is late by a
 * moment settles from a timer or an event, where an error would end the process.
 */
export function reportLateSettlement(delivery: FailedDelivery): void {
  delivery.context.host.log.warn(`${named(delivery)}: settled too late, as the server has redelivered it`);
}

/** Its handler rejects the message; returns the error that a requester is answered with. */
export function reportRejection(delivery: FailedDelivery, reason: string): Error {
  const { host } = delivery.context;
  host.counts.rejected++;
  const error = rejectionOf(delivery, reason);
  const fate = delivery.context.binding.redrives === true ? STAYS : 'dropped';
  host.log.warn(`${named(delivery)}: ${fate}, ${reason}`, fieldsOf(delivery, error));
  return error;
}

/** The error of a message that its handler rejects or parks. */
export function rejectionOf({ context: { binding } }: FailedDelivery, reason: string): Error {
  const { broker, handler } = binding;
  return errorOf('MULTI_BROKER_REJECTED.rejected', { reason }, { broker, handler });
}

/** No filter wants the message, and it is acked. Filters are there to leave messages out: no line for a production log. */
export function reportUnmatched(delivery: FailedDelivery): void {
  delivery.context.host.log.debug(`${named(delivery)}: acked, as no filter wanted it`);
}

/** `retryIf` has thrown: the message is not retried in place. */
export function reportRetryIfFailure(delivery: FailedDelivery, error: Error): void {
  delivery.context.host.log.error(`${named(delivery)}: retryIf failed`, error, fieldsOf(delivery, error));
}

/** A failure that cannot succeed lasts until an operator acts: health says so, and its message names the remedy. */
function setHealthIssue(delivery: FailedDelivery, error: Error, forMs?: number): void {
  const what = `${named(delivery)} waits to be redelivered: ${error.message}`;
  delivery.context.host.healthIssues.set(delivery.incoming.position, what, forMs);
}

function logFailure(delivery: FailedDelivery, error: Error, fate: string): void {
  const what = `${named(delivery)} failed after ${String(delivery.attempts.calls)} call(s): ${fate}`;
  delivery.context.host.log.error(what, error, fieldsOf(delivery, error));
}

/** Fields of a log line about a message whose handling failed; nothing of its payload. */
function fieldsOf({ incoming, context, attempts, message }: FailedDelivery, error: Error): LogFields {
  const { binding } = context;
  return {
    code: codeOf(error),
    broker: binding.broker,
    handler: binding.handler,
    messageId: incoming.position,
    correlationId: message?.correlationId ?? correlationIdOf(incoming.headers()) ?? incoming.position,
    attempt: attemptOf(incoming, binding, attempts.calls),
    cause: lineWithCauses(error),
  };
}

function named({ incoming, context: { binding, lane } }: FailedDelivery): string {
  return `${binding.handler} on ${lane.name} of broker '${binding.broker}' (${incoming.position})`;
}

import type { AckPolicy, Lane } from '../driver/index.js';
import { asError, errorOf } from '../errors/index.js';
import type { Binding } from './binding.js';
import { DeadLetters } from './dead-letter/index.js';
import { decided } from './decided.js';
import type { Disposition, Leave, Settle } from './disposition.js';
import type { FailedDelivery, Failure, FailurePolicy } from './lane-context.js';
import { reportRetryIfFailure } from './failure-report.js';
import { isRejection } from './rejection.js';
import { cannotSucceed, redeliveryDelayMs, retryDelayMs } from './retry.js';

/** Given up for good. */
export const REJECTED: Settle = { kind: 'settle', how: 'reject', reason: 'rejected' };
const LOST: Settle = { kind: 'settle', how: 'reject', reason: 'lost' };

/** Redelivered, by the server or by being held: `nack-on-error`. */
const redeliver: FailurePolicy = {
  onFailure({ error }, { incoming, attempts, redelivery }) {
    if (isRejection(error)) return REJECTED;
    if (redelivery === 'none') return LOST;
    const inMs = redeliveryDelayMs(incoming.deliveryCount + attempts.holds);
    if (redelivery === 'in-place') return { kind: 'hold', inMs };
    return { kind: 'settle', how: { redeliverInMs: inMs }, reason: 'failed' };
  },
};

/** Given up at once: `reject-on-error`. */
const reject: FailurePolicy = { onFailure: () => REJECTED };

/** Left to the handler, or settled before its first call: `manual` and `ack-first`. */
const leave: FailurePolicy = {
  onFailure: ({ error }) => (isRejection(error) ? REJECTED : { kind: 'leave', reason: 'policy' }),
};

const POLICIES: Readonly<Record<AckPolicy, FailurePolicy>> = {
  'nack-on-error': redeliver,
  'reject-on-error': reject,
  'ack-first': leave,
  manual: leave,
};

/** Retries in place where that may help; otherwise the wrapped policy decides. */
class RetryInPlace implements FailurePolicy {
  constructor(private readonly otherwise: FailurePolicy) {}

  onFailure(failure: Failure, delivery: FailedDelivery): Disposition | Promise<Disposition> {
    if (!mayRetry(failure, delivery)) return this.otherwise.onFailure(failure, delivery);
    return { kind: 'retry', inMs: retryDelayMs(delivery.context.binding.retry, delivery.attempts.callsOfRound) };
  }
}

/** The policy of a binding. Chosen once: every lane of the binding shares it. */
export function failurePolicyOf({ ack, deadLetter }: Binding): FailurePolicy {
  const last = POLICIES[ack];
  return new RetryInPlace(deadLetter === undefined ? last : new DeadLetters(last, redeliver));
}

/**
 * For a message that waits for its next call while its lane ends.
 *
 * @param heldForMs the rest of its delay, where it is held: a server is told of it
 */
export function whenLaneEnds({ redelivery }: Lane, heldForMs?: number): Settle | Leave {
  if (redelivery === 'none') return LOST;
  if (redelivery === 'in-place' || heldForMs === undefined) return { kind: 'leave', reason: 'lane-ended' };
  return { kind: 'settle', how: { redeliverInMs: heldForMs }, reason: 'stopped' };
}

/** For a message that waits for its next call while its subscription is paused, and whose server can redeliver it. */
export function whenPaused(redeliverInMs: number): Settle {
  return { kind: 'settle', how: { redeliverInMs }, reason: 'paused' };
}

function mayRetry({ error, of }: Failure, delivery: FailedDelivery): boolean {
  if (of !== 'call' || isRejection(error) || cannotSucceed(error)) return false;
  if (delivery.attempts.callsOfRound >= mostCalls(delivery)) return false;
  try {
    return mayHelp(error, delivery.context.binding);
  } catch (thrown) {
    reportRetryIfFailure(delivery, asError(thrown));
    return false;
  }
}

function mayHelp(error: Error, { handler, broker, retry: { retryIf } }: Binding): boolean {
  if (retryIf === undefined) return true;
  return decided(retryIf(error), (given) =>
    errorOf('MULTI_BROKER_OPTION_INVALID.retryIfGives', { handler, given }, { handler, broker }),
  );
}

/** On core NATS a requester that gets failures as answers would wait for every retry, and can ask again itself. */
function mostCalls({ incoming, context: { binding, lane, responder } }: FailedDelivery): number {
  const { retry, requests } = binding;
  if (requests === undefined || lane.redelivery !== 'none' || incoming.replyTo === undefined) return retry.attempts;
  return responder.answersFailures(incoming) ? requests.attempts : retry.attempts;
}

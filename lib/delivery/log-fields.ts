import type { Incoming, LogFields } from '../driver/index.js';
import { codeOf, lineWithCauses } from '../errors/index.js';
import type { Binding } from './binding.js';
import { correlationIdOf } from './headers.js';

/** The number of a call as its context has it: the calls that other deliveries may have made count, too. */
export function attemptOf({ deliveries }: Incoming, { retry }: Binding, call: number): number {
  return (deliveries - 1) * retry.attempts + call;
}

/** A call that failed, and why. */
interface FailedCall {
  readonly call: number;
  readonly error: Error;
  /** Where somebody has read the headers already. */
  readonly correlationId: string | undefined;
}

/** What a line of the log says of a message whose handling failed; nothing of its payload. */
export function logFields(incoming: Incoming, binding: Binding, { call, error, correlationId }: FailedCall): LogFields {
  return {
    code: codeOf(error),
    broker: binding.broker,
    handler: binding.handler,
    messageId: incoming.position,
    correlationId: correlationId ?? correlationIdOf(incoming.headers()) ?? incoming.position,
    attempt: attemptOf(incoming, binding, call),
    cause: lineWithCauses(error),
  };
}

import { type ErrorDetails, MultiBrokerError, PublishError, type PublishErrorDetails } from './errors.js';
import { type MessageId, type MessageParams, type Problem, problemAt, problemOf } from './messages.js';

/** An error of the catalogue. What its message names as `{broker}` and `{handler}` are those of the error, too. */
export function errorOf<Id extends MessageId>(
  id: Id,
  params: MessageParams<Id>,
  details?: ErrorDetails,
): MultiBrokerError {
  const { code, what } = problemOf(id, params);
  return new MultiBrokerError(code, what, { ...named(params), ...details });
}

/** As {@link errorOf}, for a publish that was not confirmed. */
export function publishErrorOf<Id extends MessageId>(
  id: Id,
  params: MessageParams<Id>,
  details: PublishErrorDetails,
): PublishError {
  const { code, what } = problemOf(id, params);
  return new PublishError(code, what, { ...named(params), ...details });
}

/** The error of a problem. */
export function errorFrom({ code, what }: Problem, details?: ErrorDetails): MultiBrokerError {
  return new MultiBrokerError(code, what, details);
}

/** The error of a problem, once it is known where it is. */
export function errorAt(place: string, problem: Problem, details?: ErrorDetails): MultiBrokerError {
  return errorFrom(problemAt(place, problem), details);
}

function named({ broker, handler }: { readonly broker?: unknown; readonly handler?: unknown }): ErrorDetails {
  return {
    ...(typeof broker === 'string' && { broker }),
    ...(typeof handler === 'string' && { handler }),
  };
}

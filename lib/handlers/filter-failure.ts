import { asError } from '../errors/index.js';

/** A chain of causes may be a circle. */
const MOST_CAUSES = 10;

/**
 * The error of a filter's failure. Filters made for RPC fail with plain objects or strings, made for the answer to
 * whoever asked: such a one lends its message, and whether a further attempt may succeed is said by what was thrown.
 */
export function filterFailure(failure: unknown, thrown: unknown): unknown {
  if (failure === thrown) return failure;
  if (failure instanceof Error) return withCause(failure, thrown);
  return madeOf(messageOf(failure), thrown);
}

/**
 * What a filter threw. A TypeError is none that it chose: the filters of Nest's own pages call `status()` on the HTTP
 * response, which a message has not. It must not hide what the handler threw.
 */
export function brokenFilter(failure: unknown, thrown: unknown): unknown {
  if (!(failure instanceof TypeError) || failure === thrown) return failure;
  const hint = 'A filter that is made for HTTP has to pass on the error where host.getType() is not "http"';
  return madeOf(`${asError(thrown).message} (its exception filter failed: ${failure.message}. ${hint}.)`, thrown);
}

function madeOf(message: string, thrown: unknown): Error {
  const error = new Error(message, { cause: thrown });
  return isFinal(thrown) ? Object.assign(error, { retryable: false }) : error;
}

/** What the handler threw ends the causes of what its filter made of it, unless the filter said so itself. */
function withCause(failure: Error, thrown: unknown): Error {
  let last = failure;
  for (let depth = 0; depth < MOST_CAUSES && last.cause instanceof Error; depth++) {
    if (last.cause === thrown) return failure;
    last = last.cause;
  }
  if (last.cause === undefined && last !== thrown && Object.isExtensible(last)) {
    Object.defineProperty(last, 'cause', { value: thrown, configurable: true, writable: true });
  }
  return failure;
}

function messageOf(failure: unknown): string {
  if (typeof failure === 'string') return failure;
  const message: unknown = (failure as { readonly message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : 'A filter failed with a value that is no Error';
}

function isFinal(thrown: unknown): boolean {
  return (thrown as { readonly retryable?: unknown } | null | undefined)?.retryable === false;
}

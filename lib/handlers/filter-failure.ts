/**
 * The error of a filter's failure. Filters made for RPC fail with plain objects or strings, made for the answer to
 * whoever asked: such a one lends its message, and whether a further attempt may succeed is said by what was thrown.
 */
export function filterFailure(failure: unknown, thrown: unknown): unknown {
  if (failure instanceof Error || failure === thrown) return failure;
  const error = new Error(messageOf(failure), { cause: thrown });
  return isFinal(thrown) ? Object.assign(error, { retryable: false }) : error;
}

function messageOf(failure: unknown): string {
  if (typeof failure === 'string') return failure;
  const message: unknown = (failure as { readonly message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : 'A filter failed with a value that is no Error';
}

function isFinal(thrown: unknown): boolean {
  return (thrown as { readonly retryable?: unknown } | null | undefined)?.retryable === false;
}

/** What Nest sends of a failure. */
export interface NestError {
  readonly status: 'error';
  readonly message: string;
}

/** As Nest's own filter for RPC: what an `RpcException` holds, else its text; never a stack. */
export function nestError(error: Error): object {
  const held = heldBy(error);
  if (typeof held === 'object' && held !== null) return held;
  return { status: 'error', message: typeof held === 'string' ? held : error.message } satisfies NestError;
}

/** An `RpcException`, told by its method: @nestjs/microservices may not be installed. It may be a rejection's cause. */
function heldBy(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { getError } = at as { getError?: unknown };
    if (typeof getError === 'function') return getError.call(at) as unknown;
  }
  return undefined;
}

/** The text of a failure that Nest sent: an object as a rule, a string of some filters. */
export function nestErrorText(error: unknown): string {
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(error);
}

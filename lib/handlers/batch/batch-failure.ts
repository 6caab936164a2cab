/** Shared by all copies of the package: a service may throw the class of another one. */
const brand = Symbol.for('nestjs-multi-broker.batch-failure');

/** Limit of the depth, as a chain of causes may be circular. */
const MOST_CAUSES = 10;

/**
 * Thrown by a handler with the option `batch`: the messages that it names have failed, each for its own reason, and the
 * others are acknowledged as handled. Any other error fails all messages of the batch, and so does this one where the
 * handler has publishers and it brings no results: what the others would publish is not known then.
 *
 * @example `throw new BatchFailure(new Map([[3, error]]))`
 */
export class BatchFailure extends Error {
  /** @internal */
  readonly [brand] = true;

  /**
   * @param failures the reasons, by the place of the message in the batch, from 0
   * @param results the results of the other messages, as the handler would return them; those of failed ones are ignored
   */
  constructor(
    readonly failures: ReadonlyMap<number, unknown>,
    readonly results?: readonly unknown[],
  ) {
    super(`${String(failures.size)} message(s) of a batch failed`);
    this.name = 'BatchFailure';
  }
}

/** The failure of some messages that an error, or one of its causes, stands for. */
export function batchFailureIn(error: unknown): BatchFailure | undefined {
  let at = error;
  for (let depth = 0; depth < MOST_CAUSES && typeof at === 'object' && at !== null; depth++) {
    if (brand in at) return at as BatchFailure;
    at = (at as { readonly cause?: unknown }).cause;
  }
  return undefined;
}

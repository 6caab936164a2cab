/** Whether the value is a promise of any library. Values are awaited only if so, since every await costs a turn. */
export function isThenable<T = unknown>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

/** Called with a value that is refused. If it is a promise, nobody waits for it, and its rejection would end the process. */
export function abandon(value: unknown): void {
  if (isThenable(value)) void Promise.resolve(value).catch(() => undefined);
}

/**
 * Calls the function for each, one after the other. Once one call has given a promise, a later one that throws rejects
 * instead: the throw would leave that promise to nobody.
 */
export function calledForEach<A, R>(
  all: readonly A[],
  call: (one: A, place: number) => R | Promise<R>,
): (R | Promise<R>)[] {
  let waits = false;
  return all.map((one, place) => {
    const given = waits ? (async () => call(one, place))() : call(one, place);
    waits ||= isThenable(given);
    return given;
  });
}

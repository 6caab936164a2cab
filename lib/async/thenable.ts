import { isPromise } from 'node:util/types';

/** Whether the value is a promise of any library. Values are awaited only if so, since every await costs a turn. */
export function isThenable<T = unknown>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

/**
 * Called with a value that is refused. If it is a promise, nobody waits for it, and its rejection would end the process.
 * A thenable of another kind is left alone: a query builder runs its query when it is awaited.
 */
export function abandon(value: unknown): void {
  if (isPromise(value)) void value.catch(() => undefined);
}

/**
 * The same for values that are refused as a whole: a `map(async …)` that nobody awaits leaves a list of promises, in a
 * payload or beside it. Only lists and plain objects are looked into.
 */
export function abandonWithin(...values: readonly unknown[]): void {
  const open = [...values];
  const seen = new Set<unknown>();
  for (let at = open.pop(); at !== undefined || open.length > 0; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    abandon(at);
    if (Array.isArray(at) || isPlainObject(at)) for (const inner of fieldsOf(at)) open.push(inner);
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A getter may throw, and may be why the value is refused. */
function fieldsOf(value: object): readonly unknown[] {
  try {
    return Object.values(value);
  } catch {
    return [];
  }
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

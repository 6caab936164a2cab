import { isObservable } from 'rxjs';
import { abandonWithin, isThenable } from '../../async/index.js';
import type { BatchResult, HandlerResult, ResultItem } from '../../delivery/index.js';
import { isOutgoingEach } from '../../driver/index.js';
import { errorOf } from '../../errors/index.js';
import { resultItems } from '../payload.js';
import { settleObservable } from '../pipeline/observable-items.js';
import { batchFailureIn } from './batch-failure.js';

/** The handler, for errors. */
interface By {
  readonly handler: string;
  readonly broker: string;
}

/** A call that has thrown. */
interface ThrownBy extends By {
  /** It has publishers. */
  readonly publishes: boolean;
}

type ResultOfEach = BatchResult & { readonly ofAll?: undefined };

const NOTHING: BatchResult = { ofEach: [] };

/**
 * What a handler returned for `size` messages. An item may be a promise: if it rejects, its message alone has failed.
 *
 * @throws MULTI_BROKER_BATCH_RESULT for a result of another shape
 */
export async function batchResult(returned: unknown, size: number, by: By): Promise<BatchResult> {
  const result: unknown = isObservable(returned) ? await settleObservable(returned) : returned;
  if (result === undefined) return NOTHING;
  if (isOutgoingEach(result)) return { ofAll: await itemsOfAll(result) };
  if (Array.isArray(result) && result.length === size) return resultOfEach(result);
  abandonWithin(result);
  throw errorOf('MULTI_BROKER_BATCH_RESULT.returned', { handler: by.handler, given: shapeOf(result), size }, by);
}

/**
 * The failures that a handler has named.
 *
 * @throws the error itself, if it names none. Also if the results of the others are to be published and it does not give
 * them: the batch is halved as after any other error, for an ack would lose them.
 */
export async function failuresIn(thrown: unknown, size: number, { publishes, ...by }: ThrownBy): Promise<BatchResult> {
  const named = batchFailureIn(thrown);
  if (named === undefined || (publishes && named.results === undefined && named.failures.size < size)) throw thrown;
  const { failures, results = [] } = named;
  for (const place of failures.keys()) {
    if (Number.isInteger(place) && place >= 0 && place < size) continue;
    const params = { handler: by.handler, place: String(place), size };
    throw errorOf('MULTI_BROKER_BATCH_RESULT.failedOutside', params, { ...by, cause: thrown });
  }
  const others = Array.from({ length: size }, (_, place) => (failures.has(place) ? undefined : results[place]));
  const result = await resultOfEach(others);
  return { ...result, failures: new Map([...(result.failures ?? []), ...failures]) };
}

/** Without promises where no item is one, as most are not. */
async function resultOfEach(items: readonly unknown[]): Promise<ResultOfEach> {
  const results = items.map((item) => (isThenable(item) ? itemLater(item) : resultItems(item)));
  if (!results.some(isThenable)) return { ofEach: results as readonly HandlerResult[] };
  const settled = await Promise.allSettled(results.map(async (result) => result));
  const ofEach = settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
  const failures = new Map<number, unknown>();
  for (const [place, one] of settled.entries()) if (one.status === 'rejected') failures.set(place, one.reason);
  return { ofEach, failures };
}

async function itemLater(item: PromiseLike<unknown>): Promise<HandlerResult> {
  return resultItems(await item);
}

/** Also of a batch of one message, as another batch would fail otherwise. */
async function itemsOfAll(each: object): Promise<readonly ResultItem[]> {
  const items = ((await resultItems(each)) ?? []) as readonly ResultItem[];
  // A publisher of a batch has no path: only an item with a destination of its own can need params.
  return items.map((item) => (item.destination === undefined ? item : { ...item, ofBatch: true }));
}

/** Without anything of the result itself, which is payload. */
function shapeOf(result: unknown): string {
  if (Array.isArray(result)) return `an array of ${String(result.length)}`;
  return result === null ? 'null' : typeof result === 'object' ? 'an object' : `a ${typeof result}`;
}

import { abandonWithin, Waiters } from '../async/index.js';
import { asError } from '../errors/index.js';
import type { HandlerResult, ResultItem, Route } from './binding.js';
import { type TimeLimited, watchProcessingTimeout } from './handler-call.js';
import { Publication, type PublicationPlan, publishOnly } from './publication.js';
import type { Publishing, Unconfirmed } from './single-publication.js';

/** The most unconfirmed items of a sequence. */
const MOST_OPEN = 256;

/** The delivery whose result is published. */
interface ResultOwner extends Publishing {
  /** The publish that is not confirmed yet. */
  publishing: Unconfirmed | undefined;
  published(error: Error | undefined, last?: ResultItem): void;
}

/**
 * Publishes what a handler returned; `owner.published` is called once, within this call or later. True: its context is
 * no longer needed, as there is one item, one publisher, and no answer.
 */
export function publishResult(
  result: ResultItem | readonly ResultItem[],
  plan: PublicationPlan,
  owner: ResultOwner,
): boolean {
  if (isSingle(result, plan)) return publishSingle(result as ResultItem, plan, owner);
  const items = Array.isArray(result) ? (result as readonly ResultItem[]) : [result as ResultItem];
  const publication = new Publication(items, plan, 0, (error) => owner.published(error, items.at(-1)));
  owner.publishing = publication;
  publication.start();
  return false;
}

function isSingle(result: ResultItem | readonly ResultItem[], { binding, incoming }: PublicationPlan): boolean {
  const { routes, replies, admits } = binding;
  if (Array.isArray(result) || routes.length !== 1 || routes[0]?.bestEffort === true || admits !== undefined)
    return false;
  return incoming.replyTo === undefined && replies === undefined;
}

function publishSingle(item: ResultItem, plan: PublicationPlan, owner: ResultOwner): boolean {
  try {
    owner.publishing = publishOnly(item, plan.binding.routes[0] as Route, plan, owner);
    return true;
  } catch (thrown) {
    abandonWithin({ ...item });
    owner.published(asError(thrown));
    return false;
  }
}

/** The last item of a result, with which a requester is answered. */
export function lastOf(result: ResultItem | readonly ResultItem[]): ResultItem | undefined {
  return Array.isArray(result) ? (result as readonly ResultItem[]).at(-1) : (result as ResultItem);
}

/** Whether a result is a sequence that is published as it comes. */
export function isSequence(result: HandlerResult): result is AsyncIterable<ResultItem> {
  return typeof result === 'object' && Symbol.asyncIterator in result;
}

/** The delivery whose sequence is published. */
interface SequenceOwner {
  /** No further item is wanted. */
  readonly wantsNoMore: boolean;
  /** It awaits only confirmations. */
  confirming: boolean;
}

/** The outcome of a sequence: its last item, and the first error of a publish. */
interface SequenceEnd {
  readonly last: ResultItem | undefined;
  readonly error: Error | undefined;
}

/** Publishes a sequence, which has to end within `maxProcessingMs`, in the async scope of its handler. */
export function publishSequence(
  items: AsyncIterable<ResultItem>,
  plan: PublicationPlan,
  owner: SequenceOwner & TimeLimited,
): Promise<SequenceEnd> {
  const publish = plan.binding.admits === 'whole' ? publishWhole : publishEach;
  const publishing = plan.context.enter(() => publish(items, plan, owner));
  const isLimited = plan.binding.maxProcessingMs !== undefined;
  return isLimited ? watchProcessingTimeout(publishing, plan.from, owner) : publishing;
}

/**
 * Publishes a sequence as it comes, each item to every route. It is left early at the first publish that fails for
 * good, and when its owner wants no more. Resolves when no publish is open; rejects, no earlier, with the error of the
 * sequence itself.
 */
async function publishEach(
  items: AsyncIterable<ResultItem>,
  plan: PublicationPlan,
  owner: SequenceOwner,
): Promise<SequenceEnd> {
  const open = new OpenItems(owner);
  let last: ResultItem | undefined;
  let place = 0;
  try {
    for await (const item of items) {
      if (open.error !== undefined || owner.wantsNoMore) break;
      last = item;
      open.publish(item, plan, place++);
      if (open.count >= MOST_OPEN) await open.fewerThan(MOST_OPEN);
    }
  } finally {
    await open.fewerThan(1);
  }
  return { last, error: open.error };
}

/** Publishes a sequence once it has ended, as a schema may refuse its last item. */
async function publishWhole(
  items: AsyncIterable<ResultItem>,
  plan: PublicationPlan,
  owner: SequenceOwner,
): Promise<SequenceEnd> {
  const all: ResultItem[] = [];
  for await (const item of items) {
    if (owner.wantsNoMore) return { last: undefined, error: undefined };
    all.push(item);
  }
  owner.confirming = true;
  const error = await new Promise<Error | undefined>((done) => new Publication(all, plan, 0, done).start());
  owner.confirming = false;
  return { last: all.at(-1), error };
}

class OpenItems {
  count = 0;
  error: Error | undefined;
  private readonly closed = new Waiters();

  constructor(private readonly owner: SequenceOwner) {}

  publish(item: ResultItem, plan: PublicationPlan, place: number): void {
    this.count++;
    new Publication([item], plan, place, this.close).start();
  }

  async fewerThan(most: number): Promise<void> {
    this.owner.confirming = true;
    while (this.count >= most) await this.closed.wait();
    this.owner.confirming = false;
  }

  private readonly close = (error: Error | undefined): void => {
    this.count--;
    this.error ??= error;
    if (this.closed.any) this.closed.wake();
  };
}

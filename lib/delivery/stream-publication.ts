import type { ResultItem } from './binding.js';
import { Publication, type PublicationPlan } from './publication.js';
import { Waiters } from './waiters.js';

/** The most items of a stream whose confirmations are open at once. */
const MOST_OPEN = 256;

/** Who publishes a sequence. */
export interface SequenceOwner {
  /** True: no further item is wanted. */
  over(): boolean;
  /** True: nothing is awaited but confirmations; false: the sequence goes on. */
  confirms(is: boolean): void;
}

/** What a sequence came to: its last item, and the first error of a publish. */
export interface StreamEnd {
  readonly last: ResultItem | undefined;
  readonly error: Error | undefined;
}

/**
 * Publishes a sequence as it comes, each item to every route. It is left early at the first publish that fails for
 * good, and when its owner is over. Resolves when no publish is open any more; rejects, no earlier, with the
 * sequence's own error.
 */
export async function publishStream(
  items: AsyncIterable<ResultItem>,
  plan: PublicationPlan,
  owner: SequenceOwner,
): Promise<StreamEnd> {
  const open = new OpenItems(owner);
  let last: ResultItem | undefined;
  let place = 0;
  try {
    for await (const item of items) {
      if (open.error !== undefined || owner.over()) break;
      last = item;
      open.publish(item, plan, place++);
      if (open.count >= MOST_OPEN) await open.fewerThan(MOST_OPEN);
    }
  } finally {
    await open.fewerThan(1);
  }
  return { last, error: open.error };
}

class OpenItems {
  count = 0;
  error: Error | undefined;
  private readonly closed = new Waiters();

  constructor(private readonly owner: SequenceOwner) {}

  publish(item: ResultItem, plan: PublicationPlan, place: number): void {
    this.count++;
    new Publication([item], plan, place, this.close).next();
  }

  async fewerThan(most: number): Promise<void> {
    this.owner.confirms(true);
    while (this.count >= most) await this.closed.wait();
    this.owner.confirms(false);
  }

  private readonly close = (error: Error | undefined): void => {
    this.count--;
    this.error ??= error;
    if (this.closed.any) this.closed.wake();
  };
}

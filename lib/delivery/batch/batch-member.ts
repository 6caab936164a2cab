import type { ResultItem } from '../binding.js';
import type { AttemptContext } from '../delivery-context.js';
import { hopsOf } from '../headers.js';
import { Publication, PublicationPlan } from '../publication.js';
import { SharedDelivery } from '../shared-delivery.js';

/**
 * One message of a batch: a delivery like any other, which is retried, settled and published for itself, but for its
 * handler being called for several of them at once. Called alone, it is a batch of one. Where several handlers share
 * the source, one of them has taken it.
 */
export class BatchMember extends SharedDelivery {
  private joined = false;
  /** Messages of the newest call. */
  batchSize = 1;

  /**
   * Takes part in a call.
   *
   * @param size messages of the call
   * @param counts whether it is the next of its `retry.attempts`, rather than a part of a call that has failed as a whole
   */
  join(size: number, counts: boolean): AttemptContext {
    if (!this.joined && this.binding.ack === 'ack-first') this.settle('ack');
    if (this.joined && !counts) this.attempts.uncounted();
    this.joined = true;
    const context = this.nextAttempt();
    this.batchSize = size;
    this.inCall = true;
    return context;
  }

  protected override nextAttempt(): AttemptContext {
    this.batchSize = 1;
    return super.nextAttempt();
  }

  /** The call is over; nothing is known of this message yet. */
  leave(): void {
    this.called();
  }

  /** Whether a further call may take it along. */
  get isOpen(): boolean {
    return this.active && !this.isCut && this.manual === undefined;
  }

  /** The hop count of its message. */
  get hops(): number {
    return this.current === undefined ? 0 : hopsOf(this.current.textHeaders);
  }

  /** Publishes items that belong to all of these; each of them is settled once they are confirmed. */
  static publishTogether(items: readonly ResultItem[], members: readonly BatchMember[]): void {
    const hops = Math.max(...members.map((member) => member.hops));
    for (const member of members) member.returnedTogether();
    const wanted = members.filter((member) => !member.wantsNoMore);
    for (const member of members) if (member.wantsNoMore) member.published(undefined);
    const [first] = wanted;
    const done = (error: Error | undefined): void => {
      for (const member of wanted) member.published(error, items.at(-1));
    };
    if (first?.current === undefined) return;
    const plan = new PublicationPlan(first.context, first.current, first.incoming, hops);
    const publication = new Publication(items, plan, 0, done);
    for (const member of wanted) member.publishing = publication;
    publication.start();
  }

  private returnedTogether(): void {
    this.called();
    this.context.host.counts.handled++;
  }
}

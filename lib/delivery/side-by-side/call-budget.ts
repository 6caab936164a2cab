/** A lane that shares a budget of calls with others. */
export interface BudgetedLane {
  /** It may take one call: soon it begins one, or declines. */
  offered(): void;
}

/**
 * The calls that all lanes of a binding may have running together (`concurrency.total`). Where there are not enough,
 * lanes take turns, one call each: a lane with a long backlog takes no more of them than one with a single message.
 */
export class CallBudget {
  private free: number;
  /** In the order in which they asked. */
  private readonly waiting = new Set<BudgetedLane>();
  /** A call is kept for each of them until it takes or declines it. */
  private readonly kept = new Set<BudgetedLane>();

  constructor(total: number) {
    this.free = total;
  }

  /** Whether the lane may begin a call now. If not, it is offered one in its turn. */
  take(lane: BudgetedLane): boolean {
    if (this.kept.delete(lane)) return true;
    if (this.free > 0) {
      this.free--;
      return true;
    }
    this.waiting.add(lane);
    return false;
  }

  /** How many calls the lane could begin now. */
  freeFor(lane: BudgetedLane): number {
    return this.free + (this.kept.has(lane) ? 1 : 0);
  }

  /** Asks for an offer, for a lane that has no message at hand. */
  await(lane: BudgetedLane): void {
    this.waiting.add(lane);
  }

  /** A call is over. */
  release(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free++;
      return;
    }
    this.waiting.delete(next);
    this.kept.add(next);
    next.offered();
  }

  /** The lane has no use for what it was offered. */
  decline(lane: BudgetedLane): void {
    if (this.kept.delete(lane)) this.release();
  }
}

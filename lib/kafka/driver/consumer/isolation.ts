/**
 * Finds the partition whose batch cannot be read. kafkajs ends the whole consumer for it and does not say which it was,
 * so the partitions are fetched one by one: the one at which it ends again is the one.
 */
export class Isolation {
  private sound: Set<string> | undefined;
  private current: string | undefined;
  /** Nodes whose fetch began with this partition alone, and those that have not come round. */
  private begun = new Set<string>();
  private left = new Set<string>();
  private nodes = new Set<string>();

  /** Whether one is being looked for. */
  get active(): boolean {
    return this.sound !== undefined;
  }

  begin(): void {
    this.sound = new Set();
    this.current = undefined;
  }

  /** Another consumer goes on with the search. */
  inNewLife(): void {
    this.nodes = new Set();
    this.current = undefined;
  }

  /** Whether a partition has to wait. */
  holds(key: string): boolean {
    return this.active && key !== this.current;
  }

  /** The partitions that this member has now, but for those that stand still. Begins with the next of them. */
  among(keys: readonly string[]): void {
    if (this.sound === undefined) return;
    this.current = keys.find((key) => this.sound?.has(key) === false);
    if (this.current === undefined) this.sound = undefined;
    this.begun = new Set();
    this.left = new Set(this.nodes);
  }

  fetchBegun(node: string): void {
    this.nodes.add(node);
    if (this.active) this.left.add(node);
    this.begun.add(node);
  }

  /** A fetch was read. True when the current partition is sound: every node was asked for it alone. */
  fetched(node: string): boolean {
    if (this.current === undefined || !this.begun.has(node)) return false;
    this.left.delete(node);
    if (this.left.size > 0) return false;
    this.sound?.add(this.current);
    return true;
  }

  /** The consumer ended again: the one that is to blame, and no longer looked for. */
  blame(): string | undefined {
    const guilty = this.current;
    this.current = undefined;
    return guilty;
  }
}

import type { DriverContext } from '../../../driver/index.js';
import { errorOf } from '../../../errors/index.js';
import type { ClientFailures } from '../client/failure-port.js';

/** The partitions of one group that are halted, as they hold a batch that cannot be decoded. */
export class HaltedPartitions {
  readonly search = new UndecodableBatchSearch();
  private readonly halted = new Map<string, Error>();

  constructor(
    private readonly groupId: string,
    private readonly io: Pick<DriverContext, 'broker' | 'log'>,
    private readonly failures: Pick<ClientFailures, 'undecodable'>,
  ) {}

  /** Whether a partition may not be fetched: it is halted, or has to wait for the search. */
  holds(key: string): boolean {
    return this.halted.has(key) || this.search.holds(key);
  }

  /** The partitions that this member has now. */
  among(keys: readonly string[]): void {
    this.search.among(keys.filter((key) => !this.halted.has(key)));
  }

  /** Looks for the partition if an undecodable batch has ended the consumer, and halts it once it is found. */
  consumerEnded(cause: Error): void {
    const why = this.failures.undecodable(cause);
    if (why === undefined) return;
    const found = this.search.suspect();
    if (found === undefined) this.search.begin();
    else this.halt(found, why, cause);
  }

  get any(): boolean {
    return this.halted.size > 0;
  }

  /** The topic was deleted: one that is made anew under its name does not hold that batch. */
  forget(topic: string): void {
    for (const key of this.halted.keys()) if (key.startsWith(`${topic}/`)) this.halted.delete(key);
  }

  get healthIssues(): string[] {
    return [...this.halted.values()].map(({ message }) => message);
  }

  private halt(key: string, why: string, cause: Error): void {
    const { broker, log } = this.io;
    const params = { partition: key, group: this.groupId, reason: why };
    const error = errorOf('MULTI_BROKER_CONSUMER_HALTED', params, { broker, cause });
    this.halted.set(key, error);
    log.error(error.message);
  }
}

/**
 * Finds the partition whose batch cannot be decoded. The whole consumer ends for it, and a client need not say which one it
 * was (kafkajs does not): so the partitions are fetched one by one until the consumer ends once more.
 */
export class UndecodableBatchSearch {
  private sound: Set<string> | undefined;
  private current: string | undefined;
  /** Nodes whose fetch was for this partition alone, and nodes that have not answered such a fetch. */
  private begun = new Set<string>();
  private left = new Set<string>();
  private nodes = new Set<string>();

  /** Whether a partition is searched for. */
  get active(): boolean {
    return this.sound !== undefined;
  }

  begin(): void {
    this.sound = new Set();
    this.current = undefined;
  }

  /** A new consumer continues the search. */
  inNewSession(): void {
    this.nodes = new Set();
    this.current = undefined;
  }

  /** Whether a partition has to wait. */
  holds(key: string): boolean {
    return this.active && key !== this.current;
  }

  /** The partitions that this member has now, without halted ones. Continues with the next of them. */
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

  /** A fetch was decoded. True when the current partition is sound: every node was asked for it alone. */
  fetched(node: string): boolean {
    if (this.current === undefined || !this.begun.has(node)) return false;
    this.left.delete(node);
    if (this.left.size > 0) return false;
    this.sound?.add(this.current);
    return true;
  }

  /** The consumer ended once more: returns the partition that was fetched, if any, and stops the search at it. */
  suspect(): string | undefined {
    const suspect = this.current;
    this.current = undefined;
    return suspect;
  }
}

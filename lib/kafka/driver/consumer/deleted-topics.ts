import type { Io } from '../../../driver/index.js';
import { MultiBrokerError } from '../../../errors/index.js';

/**
 * The topics of a group that the cluster does not have any more. kafkajs asks for all topics of a consumer at once, and
 * while one is missing it reads none of them: such a one is left out until it is there again.
 */
export class DeletedTopics {
  private readonly gone = new Set<string>();
  private readonly anew = new Set<string>();
  private required: ReadonlySet<string> = new Set();

  constructor(
    private readonly groupId: string,
    private readonly io: Io,
  ) {}

  [Symbol.iterator](): Iterator<string> {
    return this.gone.values();
  }

  get any(): boolean {
    return this.gone.size > 0;
  }

  has(topic: string): boolean {
    return this.gone.has(topic);
  }

  /** Whether it was deleted and made again: what it holds was published since, and nothing of it may be skipped. */
  isAnew(topic: string): boolean {
    return this.anew.has(topic);
  }

  /** What is not read, a sentence each. */
  get gaps(): string[] {
    return [...this.gone].map((topic) => this.sentence(topic));
  }

  /** Notes which of a group's topics the cluster has. True when that is not as it was. */
  compare(topics: Iterable<string>, cluster: readonly string[]): boolean {
    const there = new Set(cluster);
    const known = [...new Set([...topics, ...this.gone])].filter((topic) => !this.required.has(topic));
    const changed = known.filter((topic) => this.gone.has(topic) === there.has(topic));
    for (const topic of changed) {
      if (this.gone.delete(topic)) this.anew.add(topic);
      else this.lose(topic);
    }
    return changed.length > 0;
  }

  /** These are being subscribed: without them it fails, and nothing is said here. None once that is over. */
  require(topics: readonly string[] = []): void {
    this.required = new Set(topics);
    for (const topic of topics) this.gone.delete(topic);
  }

  private lose(topic: string): void {
    this.gone.add(topic);
    const { broker, log } = this.io;
    log.error(new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', this.sentence(topic), { broker }).message);
  }

  private sentence(topic: string): string {
    return `Group '${this.groupId}' does not read '${topic}', which the cluster does not have any more; it goes on with its other topics`;
  }
}

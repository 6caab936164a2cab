import type { DriverContext } from '../../../driver/index.js';
import { errorOf, textOf } from '../../../errors/index.js';
import type { ClientFailures } from '../client/failure-port.js';
import type { PartitionOffset } from '../client/records.js';
import { offsetOf } from './offset-committer.js';
import type { PartitionLane } from './partition-lane.js';

const REFUSED = 'TOPIC_AUTHORIZATION_FAILED';

/**
 * The topics of one group that this client may not read any more. One fetch is for all topics, and a client ends its
 * consumer by a refusal of one of them, without its name (kafkajs 2.2.4): so none is fetched until it is known which.
 */
export class RefusedTopics {
  private readonly refused = new Set<string>();
  private doubted = new Set<string>();

  constructor(
    private readonly groupId: string,
    private readonly io: Pick<DriverContext, 'broker' | 'log'>,
    private readonly failures: Pick<ClientFailures, 'protocolError'>,
  ) {}

  get any(): boolean {
    return this.refused.size > 0 || this.doubted.size > 0;
  }

  /** Whether a topic may neither be fetched nor committed. */
  holds(topic: string): boolean {
    return this.refused.has(topic) || this.doubted.has(topic);
  }

  /** A sentence for each. */
  get healthIssues(): string[] {
    return [...this.refused].map((topic) =>
      textOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaTopicRefused', this.named(topic)),
    );
  }

  /** @param topics those that the consumer has read */
  consumerEnded(cause: Error, topics: readonly string[]): void {
    if (this.failures.protocolError(cause) === REFUSED) this.doubted = new Set(topics);
  }

  /** The topic was deleted. */
  forget(topic: string): void {
    this.doubted.delete(topic);
    this.refused.delete(topic);
  }

  /**
   * Asks for each topic whether it may be read, by a commit of what is committed already: that needs the same permission, and
   * changes nothing. One of which this member has no partition is forgotten: its next fetch tells. Never rejects.
   */
  async look(
    lanes: Iterable<PartitionLane>,
    commit: (offsets: readonly PartitionOffset[]) => Promise<void>,
  ): Promise<void> {
    const begun = [...lanes].filter((lane) => lane.committed >= 0 && !lane.isLost);
    for (const topic of [...this.doubted, ...this.refused]) {
      const lane = begun.find(({ origin }) => origin.topic === topic);
      if (lane === undefined) this.forget(topic);
      else await commit([offsetOf(lane.origin, lane.committed)]).then(...this.answers(topic));
    }
  }

  private answers(topic: string): [allowed: () => void, failed: (cause: unknown) => void] {
    return [
      () => this.allow(topic),
      (cause) => {
        if (this.failures.protocolError(cause) === REFUSED) this.refuse(topic);
      },
    ];
  }

  private allow(topic: string): void {
    if (this.refused.has(topic)) this.io.log.info(`Group '${this.groupId}' may read topic '${topic}' again`);
    this.forget(topic);
  }

  private refuse(topic: string): void {
    this.doubted.delete(topic);
    if (this.refused.has(topic)) return;
    this.refused.add(topic);
    const { broker, log } = this.io;
    log.error(errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaTopicRefused', this.named(topic), { broker }).message);
  }

  private named(topic: string): { readonly group: string; readonly topic: string } {
    return { group: this.groupId, topic };
  }
}

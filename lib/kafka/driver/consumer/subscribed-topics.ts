import { type Clock, sleep } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError, errorOf, textOf } from '../../../errors/index.js';
import type { GroupConsumer } from '../client/consumer-port.js';
import type { ClientFailures } from '../client/failure-port.js';
import type { TopicSubscription } from './partition-lane.js';

/** The consumer and cluster that topics are subscribed to. */
export interface SubscribedTopicsHost {
  readonly consumer: Pick<GroupConsumer, 'subscribe'>;
  readonly failures: Pick<ClientFailures, 'protocolError'>;
  readonly clock: Clock;
  readonly deleted: DeletedTopics;
  /** The topics of the cluster. */
  readonly listTopics: () => Promise<string[]>;
}

/** The topics that one consumer reads, and the subscription that each belongs to. */
export class SubscribedTopics {
  private byName = new Map<string, TopicSubscription>();

  constructor(
    private subscriptions: readonly TopicSubscription[],
    private readonly host: SubscribedTopicsHost,
  ) {}

  get names(): string[] {
    return [...this.byName.keys()];
  }

  get(topic: string): TopicSubscription | undefined {
    return this.byName.get(topic);
  }

  /** Rejects where a topic is missing. If it was deleted, the next consumer leaves it out. */
  async subscribe(signal: AbortSignal): Promise<void> {
    this.byName = await this.resolve(this.subscriptions);
    try {
      await subscribeTo(this.names, this.host, signal);
    } catch (thrown) {
      await this.haveChanged().catch(() => undefined);
      throw thrown;
    }
  }

  /**
   * Subscribes to further ones: one after another, as two may match the same topic, but the client is asked for all of
   * them at once, as a topic that is missing takes its time. Gives undefined, or why it cannot be read, for each.
   */
  async add(all: readonly (readonly TopicSubscription[])[], signal: AbortSignal): Promise<(Error | undefined)[]> {
    const answers: Promise<Error | undefined>[] = [];
    for (const subscriptions of all) {
      try {
        const names = await this.include(subscriptions);
        answers.push(subscribeTo(names, this.host, signal).then(() => undefined, asError));
      } catch (thrown) {
        answers.push(Promise.resolve(asError(thrown)));
      }
    }
    return Promise.all(answers);
  }

  /** Whether one was deleted, or exists again. A consumer that asks for a deleted topic reads nothing more. */
  async haveChanged(): Promise<boolean> {
    return this.host.deleted.compare(this.names, await this.host.listTopics());
  }

  /** Returns the topics that were not read so far. */
  private async include(subscriptions: readonly TopicSubscription[]): Promise<string[]> {
    const byName = await this.resolve([...this.subscriptions, ...subscriptions]);
    const added = [...byName.keys()].filter((name) => !this.byName.has(name));
    this.subscriptions = [...this.subscriptions, ...subscriptions];
    this.byName = byName;
    return added;
  }

  /** Leaves deleted topics out. Asks the cluster only where a RegExp has to be matched, or a topic may exist again. */
  private async resolve(subscriptions: readonly TopicSubscription[]): Promise<Map<string, TopicSubscription>> {
    const { deleted, listTopics } = this.host;
    const found = new Map<string, TopicSubscription>();
    for (const one of subscriptions) if (typeof one.spec.topic === 'string') found.set(one.spec.topic, one);
    const patterns = subscriptions.filter(({ spec }) => typeof spec.topic !== 'string');
    const names = patterns.length > 0 || deleted.any ? await listTopics() : [];
    if (deleted.any) deleted.compare([], names);
    for (const one of patterns) match(one, [...names, ...deleted], found);
    for (const topic of deleted) found.delete(topic);
    return found;
  }
}

function match(subscription: TopicSubscription, names: readonly string[], found: Map<string, TopicSubscription>): void {
  const { spec } = subscription;
  const matching = names.filter((name) => typeof spec.topic !== 'string' && spec.topic.matches(name));
  if (matching.length === 0) {
    throw errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaNoMatch', { pattern: spec.address });
  }
  for (const name of matching) {
    const other = found.get(name);
    if (other !== undefined) {
      const params = { one: other.spec.name, other: spec.name, topic: name };
      throw errorOf('MULTI_BROKER_SOURCE_CLASH.kafkaPattern', params);
    }
    found.set(name, subscription);
  }
}

/** Attempts to subscribe to a topic that the cluster does not know: it may be creating it at this moment. */
const ATTEMPTS = 5;
const RETRY_MS = 200;

/** Rejects with MULTI_BROKER_SUBSCRIBE_FAILED where the cluster does not have one of the topics. */
async function subscribeTo(
  topics: string[],
  { consumer, failures, clock }: Pick<SubscribedTopicsHost, 'consumer' | 'failures' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await consumer.subscribe(topics);
      return;
    } catch (cause) {
      const isUnknown = failures.protocolError(cause) === 'UNKNOWN_TOPIC_OR_PARTITION';
      if (!isUnknown || signal.aborted) throw cause;
      if (attempt < ATTEMPTS) await sleep(clock, RETRY_MS, signal);
      else throw errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaNoTopic', { topics: topics.join(', ') }, { cause });
    }
  }
}

/**
 * The topics of a group that were deleted from the cluster. A client may ask for all topics of a consumer at once
 * and read none of them while one is missing (kafkajs does), so a deleted one is left out until it exists again.
 */
export class DeletedTopics {
  private readonly gone = new Set<string>();
  private readonly recreated = new Set<string>();
  private required: ReadonlySet<string> = new Set();

  constructor(
    private readonly groupId: string,
    private readonly io: DriverContext,
    private readonly lost: (topic: string) => void = () => undefined,
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

  /** Whether it was deleted and created again: all of its messages are new, so none may be skipped. */
  wasRecreated(topic: string): boolean {
    return this.recreated.has(topic);
  }

  /** A sentence for each. */
  get healthIssues(): string[] {
    return [...this.gone].map((topic) => this.sentence(topic));
  }

  /** Compares a group's topics with those of the cluster. True if some were deleted, or exist again. */
  compare(topics: Iterable<string>, cluster: readonly string[]): boolean {
    const there = new Set(cluster);
    const known = [...new Set([...topics, ...this.gone])].filter((topic) => !this.required.has(topic));
    const changed = known.filter((topic) => this.gone.has(topic) === there.has(topic));
    for (const topic of changed) {
      if (this.gone.delete(topic)) this.recreated.add(topic);
      else this.lose(topic);
    }
    return changed.length > 0;
  }

  /** Topics that are being subscribed to: a missing one fails the subscription and is not reported here. */
  require(topics: readonly string[] = []): void {
    this.required = new Set(topics);
    for (const topic of topics) this.gone.delete(topic);
  }

  private lose(topic: string): void {
    this.gone.add(topic);
    this.lost(topic);
    const { broker, log } = this.io;
    const params = { group: this.groupId, topic };
    log.error(errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaTopicDeleted', params, { broker }).message);
  }

  private sentence(topic: string): string {
    return textOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafkaTopicDeleted', { group: this.groupId, topic });
  }
}

/** How often the topics are checked, and after how long without an answer of the server, in milliseconds. */
export const LOOK_MS = 5_000;

/** Checks the cluster's topics while there is reason to: no answer to fetches, or a deleted topic. */
export class TopicWatch {
  private cancel: (() => void) | undefined;
  private closed = false;

  /** @param look may reject; it is called again later */
  constructor(
    private readonly clock: Clock,
    private readonly isDue: () => boolean,
    private readonly look: () => Promise<void>,
  ) {}

  start(): void {
    if (this.closed) return;
    this.cancel = this.clock.after(LOOK_MS, () => {
      const looked = this.isDue() ? this.look().catch(() => undefined) : Promise.resolve();
      void looked.then(() => this.start());
    });
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }
}

import { randomUUID } from 'node:crypto';

import { KAFKA_CORRELATION_ID, KAFKA_REPLY_TOPIC } from '../codec/index.js';
import type { DestinationSpec, Driver, Incoming, Intake, Lane, Outgoing, Sink } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { KafkaCommonSettings } from './settings.js';
import { sourceSpec } from './source-spec.js';
import { topic } from './topic.js';

/**
 * Requests in the way of @nestjs/microservices' `ClientKafka`: answers of `orders` come by `orders.reply`. Each process
 * reads that topic in a group of its own, from its end, so that no other process takes an answer, and finds its answers
 * by correlation id.
 */
export class TopicRequests implements Sink {
  private readonly intakes = new Map<string, Promise<Intake>>();
  private readonly waiting = new Map<string, (answer: Incoming) => void>();
  private readonly groupId: string;
  private readonly over = new AbortController();

  constructor(
    private readonly broker: KafkaCommonSettings,
    private readonly driver: Pick<Driver, 'subscribe' | 'publish'>,
  ) {
    this.groupId = `${broker.groupId ?? broker.name}-replies-${randomUUID()}`;
  }

  /** Whether a broker offers requests: its codec decides, as Kafka itself has none. */
  static areMadeBy({ codec }: KafkaCommonSettings): boolean {
    return codec?.replies?.byTopic === true;
  }

  async request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    const replies = `${to.address}.reply`;
    await this.reading(replies);
    const id = randomUUID();
    const headers = { ...message.headers, [KAFKA_CORRELATION_ID]: id, [KAFKA_REPLY_TOPIC]: replies };
    const answered = this.answerOf(id, AbortSignal.any([signal, this.over.signal]));
    // The request may time out before it is written.
    answered.catch(() => undefined);
    const [outcome] = await this.driver.publish(to, [{ ...message, headers }]);
    if (outcome === undefined || 'receipt' in outcome) return answered;
    this.waiting.delete(id);
    throw outcome.error;
  }

  /** Fails requests that wait for an answer. The driver ends the subscriptions. */
  close(): void {
    this.over.abort(errorOf('MULTI_BROKER_STOPPED.closed', { broker: this.broker.name }));
  }

  opened(): void {}

  take(lane: Lane, batch: readonly Incoming[]): void {
    for (const answer of batch) {
      const id = answer.headers()[KAFKA_CORRELATION_ID];
      if (id !== undefined) this.waiting.get(id)?.(answer);
      lane.settle(answer, 'ack');
    }
  }

  /** Subscribes once for each topic; after a failure the next request retries. */
  private async reading(replies: string): Promise<Intake> {
    const known = this.intakes.get(replies);
    if (known !== undefined) return known;
    const source = sourceSpec(topic(replies, { groupId: this.groupId, fromBeginning: false }), {
      ...this.broker,
      addresses: undefined,
      prefix: undefined,
    });
    const intake = this.driver.subscribe([source], this, this.over.signal);
    this.intakes.set(replies, intake);
    intake.catch(() => this.intakes.delete(replies));
    return intake;
  }

  private answerOf(id: string, ended: AbortSignal): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.waiting.delete(id);
        reject(ended.reason as Error);
      };
      if (ended.aborted) {
        end();
        return;
      }
      ended.addEventListener('abort', end, { once: true });
      this.waiting.set(id, (answer) => {
        this.waiting.delete(id);
        ended.removeEventListener('abort', end);
        resolve(answer);
      });
    });
  }
}

import type { Producer, ProducerRecord, RecordMetadata } from 'kafkajs';

import type { DriverContext } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { Client, MakeClient } from './client.js';
import type { KafkaSettings } from '../../options.js';
import type { KafkaConnectionState } from '../connection-state.js';
import { Backoff, sleep, within } from '../../../async/index.js';
import type { TopicPartitions } from '../producer/batch-plan.js';
import { methodOf } from './client-methods.js';

/** The driver that a producer belongs to. */
export interface KafkaProducerHost {
  readonly io: DriverContext;
  readonly settings: KafkaSettings;
  readonly makeClient: MakeClient;
  readonly connection: KafkaConnectionState;
  readonly topics: TopicPartitions;
}

/** One kafkajs producer. */
interface Build {
  readonly client: Client;
  readonly producer: Producer;
  readonly send: Producer['send'];
  /** Topics that this producer has written to: each of its metadata requests asks for all of them. */
  readonly used: Set<string>;
}

/** kafkajs's own retries of a connect; the longer waits are here, where they can be ended. */
const RETRIES = 1;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const DISCONNECT_MS = 3_000;

/** The producer of a broker. It replaces kafkajs's where that cannot go on. */
export class KafkaProducer {
  private build: Build;
  private mending = false;
  private readonly sending = new Set<ProducerRecord>();
  private readonly over = new AbortController();

  constructor(private readonly host: KafkaProducerHost) {
    this.build = this.make();
  }

  /** kafkajs's current producer. */
  get client(): Producer {
    return this.build.producer;
  }

  async connect(): Promise<void> {
    await this.build.producer.connect();
  }

  /** One attempt. Rejects with what kafkajs threw. */
  async send(record: ProducerRecord): Promise<RecordMetadata[]> {
    const { send, used } = this.build;
    this.sending.add(record);
    try {
      const receipts = await send({ acks: -1, ...record });
      used.add(record.topic);
      return receipts;
    } finally {
      this.sending.delete(record);
    }
  }

  /** A sentence for health where publishes wait for the server. */
  get healthIssue(): string | undefined {
    const issue = this.sending.size === 0 ? undefined : this.build.client.unanswered.issue();
    if (issue === undefined) return undefined;
    const topics = new Set([...this.sending].map(({ topic }) => `'${topic}'`));
    return `${issue}; publishes to ${[...topics].join(', ')} wait`;
  }

  /**
   * Whether a topic that was written to and then deleted may be the reason why each send fails (kafkajs #1622, #651).
   */
  mayBePoisoned(): boolean {
    return this.build.used.size > 0;
  }

  /** Replaces the producer; the old one finishes what it is sending. */
  async renew(): Promise<void> {
    const old = this.build;
    this.build = this.make();
    void this.end(old);
    await this.build.producer.connect();
  }

  /** Resolves within some seconds. Never rejects. */
  async close(): Promise<void> {
    this.over.abort();
    await this.end(this.build);
  }

  /** Gives up at once. */
  kill(): void {
    this.over.abort();
    this.build.client.kill();
  }

  private make(): Build {
    const { io, makeClient, settings, topics } = this.host;
    const client = makeClient({ retries: RETRIES, lost: () => void this.awaitReconnect() });
    const { retry, ...producer } = settings.producer ?? {};
    const idempotent = producer.idempotent === true;
    const made = client.kafka.producer({
      ...producer,
      createPartitioner: topics.partitioner,
      // One attempt, so that its outcome is known. An idempotent producer has to repeat under the same sequence.
      retry: idempotent ? { retries: IDEMPOTENT_RETRIES, ...retry } : { retries: 0 },
      ...(idempotent ? { maxInFlightRequests: 1 } : {}),
    });
    made.on(made.events.REQUEST_TIMEOUT, ({ payload: { broker, apiName, sentAt } }) => {
      client.unanswered.timedOut(broker, apiName, sentAt);
    });
    return { client, used: new Set(), producer: made, send: methodOf(made, 'send', io) };
  }

  private async end({ producer, client }: Build): Promise<void> {
    await within(this.host.io.clock, producer.disconnect(), DISCONNECT_MS);
    client.kill();
  }

  /** kafkajs reconnects only when something is sent; this finds out meanwhile whether it can. */
  private async awaitReconnect(): Promise<void> {
    const { signal } = this.over;
    if (this.mending || signal.aborted) return;
    this.mending = true;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    while (!(await this.isUp())) await sleep(this.host.io.clock, backoff.next(), signal);
    this.mending = false;
  }

  private async isUp(): Promise<boolean> {
    if (this.over.signal.aborted) return true;
    try {
      await this.build.producer.connect();
      this.host.connection.restored('producer');
      return true;
    } catch (thrown) {
      this.host.connection.lost('producer', asError(thrown));
      return false;
    }
  }
}

/** Some 20 s. kafkajs's default has no limit. */
const IDEMPOTENT_RETRIES = 8;

import { Backoff, InProgress, sleep, within } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { Client, MakeClient } from '../client/client-port.js';
import type { Partitioner, Producer } from '../client/producer-port.js';
import type { PartitionReceipt, RecordToWrite } from '../client/records.js';
import type { KafkaConnectionState } from '../connection-state.js';

/** The driver that a producer belongs to. */
export interface KafkaProducerHost {
  readonly io: Pick<DriverContext, 'clock'>;
  readonly makeClient: MakeClient;
  readonly connection: KafkaConnectionState;
  readonly topics: Partitioner;
}

/** One producer of the client. */
interface Build {
  readonly client: Client;
  readonly producer: Producer;
}

/** The client's own retries of a connect; the longer waits are here, where they can be ended. */
const RETRIES = 1;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const DISCONNECT_MS = 3_000;

/** The producer of a broker. It replaces that of its client where it cannot go on. */
export class KafkaProducer {
  private build: Build;
  private mending = false;
  /** Topics that are being written to, one for each send. */
  private readonly sending = new InProgress<{ readonly topic: string }>();
  private readonly over = new AbortController();

  constructor(private readonly host: KafkaProducerHost) {
    this.build = this.make();
  }

  /** The client's current producer. */
  get current(): Producer {
    return this.build.producer;
  }

  async connect(): Promise<void> {
    await this.build.producer.connect();
  }

  /** One attempt: see {@link Producer.send}. */
  async send(topic: string, records: readonly RecordToWrite[]): Promise<readonly PartitionReceipt[]> {
    const sending = { topic };
    this.sending.add(sending);
    try {
      return await this.build.producer.send(topic, records);
    } finally {
      this.sending.delete(sending);
    }
  }

  /** A sentence for health where publishes wait for the server. */
  get healthIssue(): string | undefined {
    const issue = this.sending.size === 0 ? undefined : this.build.client.unansweredIssue();
    if (issue === undefined) return undefined;
    const topics = new Set([...this.sending].map(({ topic }) => `'${topic}'`));
    return `${issue}; publishes to ${[...topics].join(', ')} wait`;
  }

  /** See {@link Producer.mayBePoisoned}. */
  mayBePoisoned(): boolean {
    return this.build.producer.mayBePoisoned();
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
    const { makeClient, topics } = this.host;
    const client = makeClient({ retries: RETRIES, lost: () => void this.awaitReconnect() });
    return { client, producer: client.producer(topics) };
  }

  private async end({ producer, client }: Build): Promise<void> {
    await within(this.host.io.clock, producer.disconnect(), DISCONNECT_MS);
    client.kill();
  }

  /** A client may reconnect only when something is sent (kafkajs does): this finds out meanwhile whether it can. */
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

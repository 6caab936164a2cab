import type { Producer, ProducerRecord, RecordMetadata } from 'kafkajs';

import { type Io, sleep } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { Client, MakeClient } from '../client/clients.js';
import type { KafkaSettings } from '../../options.js';
import type { Link } from '../link.js';
import { within } from '../within.js';
import type { TopicTable } from './topic-table.js';

/** What a producer's connection needs. */
export interface ProducerLinkHost {
  readonly io: Io;
  readonly settings: KafkaSettings;
  readonly makeClient: MakeClient;
  readonly link: Link;
  readonly topics: TopicTable;
}

/** One kafkajs producer. */
interface Build {
  readonly client: Client;
  readonly producer: Producer;
  /** Topics that this producer has written to: it asks for all of them whenever it asks the cluster. */
  readonly used: Set<string>;
}

/** How often kafkajs itself tries to connect again; the waiting is done here, where it can be ended. */
const RETRIES = 1;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const DISCONNECT_MS = 3_000;

/** The one producer of a broker. It is made anew where kafkajs's cannot go on. */
export class ProducerLink {
  private build: Build;
  private mending = false;
  private readonly over = new AbortController();

  constructor(private readonly host: ProducerLinkHost) {
    this.build = this.make();
  }

  /** The one of now. */
  get client(): Producer {
    return this.build.producer;
  }

  async connect(): Promise<void> {
    await this.build.producer.connect();
  }

  /** One attempt. Rejects with what kafkajs threw. */
  async send(record: ProducerRecord): Promise<RecordMetadata[]> {
    const { producer, used } = this.build;
    const receipts = await producer.send({ acks: -1, ...record });
    used.add(record.topic);
    return receipts;
  }

  /** Whether a topic that was written to, and deleted since, may be why each send fails (kafkajs #1622, #651). */
  mayBePoisoned(): boolean {
    return this.build.used.size > 0;
  }

  /** A new producer in place of the old one, which ends what it has under way. */
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
    const { makeClient, settings, topics } = this.host;
    const client = makeClient({ retries: RETRIES, lost: () => void this.mend() });
    const { retry, ...producer } = settings.producer ?? {};
    const idempotent = producer.idempotent === true;
    return {
      client,
      used: new Set(),
      producer: client.kafka.producer({
        ...producer,
        createPartitioner: topics.partitioner,
        // One attempt, so that what became of it is known. An idempotent producer has to repeat under the same
        // sequence.
        retry: idempotent ? { retries: IDEMPOTENT_RETRIES, ...retry } : { retries: 0 },
        ...(idempotent ? { maxInFlightRequests: 1 } : {}),
      }),
    };
  }

  private async end({ producer, client }: Build): Promise<void> {
    await within(this.host.io.clock, producer.disconnect(), DISCONNECT_MS);
    client.kill();
  }

  /** kafkajs connects again when something is sent; this tells meanwhile whether it could. */
  private async mend(): Promise<void> {
    const { signal } = this.over;
    if (this.mending || signal.aborted) return;
    this.mending = true;
    for (let waitMs = FIRST_WAIT_MS; !(await this.isUp()); waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      await sleep(this.host.io.clock, waitMs, signal);
    }
    this.mending = false;
  }

  private async isUp(): Promise<boolean> {
    if (this.over.signal.aborted) return true;
    try {
      await this.build.producer.connect();
      this.host.link.mended('producer');
      return true;
    } catch (thrown) {
      this.host.link.lost('producer', asError(thrown));
      return false;
    }
  }
}

/** Some 20 s. kafkajs's default is for ever. */
const IDEMPOTENT_RETRIES = 8;

import type { Admin } from 'kafkajs';

import type { Driver, Intake, Io, Outcome, Outgoing, Sink, SourceSpec } from '../../driver/index.js';
import { asError, isMultiBrokerError, MultiBrokerError, PublishError } from '../../errors/index.js';
import type { KafkaDestinationSpec } from '../destination-spec.js';
import type { KafkaClient } from '../load-client.js';
import { type KafkaBrokerOptions, type KafkaSettings, settings } from '../options.js';
import type { KafkaNative } from '../native.js';
import { LeftOut } from '../record-headers.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { TopicRequests } from '../topic-requests.js';
import { wantedTopics } from '../wanted-topics.js';
import { type Client, clientMaker, RETRY } from './client/clients.js';
import { boundGunzip } from './client/codecs.js';
import { mayBeStarting } from './client/may-be-starting.js';
import { Groups } from './consumer/groups.js';
import { Link } from './link.js';
import { makeTopics } from './make-topics.js';
import { ProducerLink } from './producer/producer-link.js';
import { Sender } from './producer/sender.js';
import { TopicTable } from './producer/topic-table.js';
import { unlessAborted, within } from './within.js';

/** What exists once the driver is connected. */
interface Parts {
  readonly io: Io;
  readonly link: Link;
  readonly client: Client;
  readonly producer: ProducerLink;
  readonly sender: Sender;
  readonly groups: Groups;
}

const MAX_DECOMPRESSED_BYTES = 32 * 1024 * 1024;
/** How long publishes under way get to end by themselves at the close, in milliseconds. */
const PUBLISHES_MS = 3_000;

/** Kafka, by kafkajs: one producer, and one consumer for each group. */
export class KafkaDriver implements Driver {
  private parts: Parts | undefined;
  private readonly publishing = new Set<Promise<unknown>>();
  private closed: Promise<void> | undefined;
  private readonly settings: KafkaSettings;
  /** Of {@link native}. */
  private admin: Admin | undefined;
  private readonly requests: TopicRequests | undefined;
  /** Kafka has no requests; a codec may make some of two topics. */
  readonly request: Driver['request'];

  constructor(
    private readonly kafkajs: KafkaClient,
    private readonly options: KafkaBrokerOptions,
  ) {
    this.settings = settings(options);
    if (!TopicRequests.areMadeBy(this.settings)) return;
    const requests = (this.requests = new TopicRequests(this.settings, this));
    this.request = (to, message, signal) => requests.request(to, message, signal);
  }

  async connect(io: Io, signal: AbortSignal): Promise<void> {
    boundGunzip(this.kafkajs, this.settings.maxDecompressedBytes ?? MAX_DECOMPRESSED_BYTES);
    const makeClient = clientMaker(this.kafkajs, this.options, io);
    const link = new Link(io);
    const topics = new TopicTable();
    const { settings } = this;
    const producer = new ProducerLink({ io, settings, makeClient, link, topics });
    const client = makeClient();
    try {
      const [cluster] = await unlessAborted(
        Promise.all([prepareCluster(client, settings, io), producer.connect()]),
        signal,
      );
      if (this.closed !== undefined) throw this.stopped();
      const leftOut = new LeftOut(io.broker, io.log);
      const sender = new Sender({ broker: io.broker, clock: io.clock, topics, producer, leftOut, ...this.retries() });
      const groups = new Groups({ io, settings, cluster, makeClient, link, protocol: this.kafkajs.AssignerProtocol });
      this.parts = { io, link, client, producer, sender, groups };
    } catch (thrown) {
      client.kill();
      producer.kill();
      throw this.failure(asError(thrown));
    }
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    return this.connected().groups.subscribe(sources as readonly KafkaSourceSpec[], sink, signal);
  }

  async publish(to: KafkaDestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (this.parts === undefined || this.closed !== undefined) return batch.map(() => this.notWritten(to));
    const publish = this.parts.sender.publish(to.address, batch);
    this.publishing.add(publish);
    try {
      return await publish;
    } finally {
      this.publishing.delete(publish);
    }
  }

  ailments(): readonly string[] {
    return this.parts?.groups.ailments() ?? [];
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  native(): KafkaNative {
    const { client, producer } = this.connected();
    const { kafka } = client;
    this.admin ??= kafka.admin();
    return { producer: producer.client, admin: this.admin, kafka };
  }

  private async end(): Promise<void> {
    const { parts } = this;
    this.requests?.close();
    if (parts === undefined) return;
    const { io, link, client, producer, sender, groups } = parts;
    link.close();
    await Promise.all([groups.close(), within(io.clock, Promise.all(this.publishing), PUBLISHES_MS)]);
    sender.close();
    await Promise.all(this.publishing);
    await producer.close();
    client.kill();
  }

  private retries(): { retries: number; idempotent: boolean } {
    const idempotent = this.settings.producer?.idempotent === true;
    const asked = this.settings.producer?.retry?.retries ?? this.options.client.retry?.retries ?? RETRY.retries;
    return { idempotent, retries: idempotent ? 0 : asked };
  }

  private connected(): Parts {
    if (this.parts !== undefined && this.closed === undefined) return this.parts;
    const { name: broker } = this.options;
    throw new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', `Broker '${broker}' is not connected`, { broker });
  }

  /** A publish never rejects. */
  private notWritten(to: KafkaDestinationSpec): Outcome {
    const { name: broker } = this.options;
    const what = `Broker '${broker}' is not connected; ${to.name} was not written`;
    return { error: new PublishError('MULTI_BROKER_NOT_CONNECTED', what, { broker, written: 'no' }) };
  }

  private stopped(): MultiBrokerError {
    const { name: broker } = this.options;
    return new MultiBrokerError('MULTI_BROKER_STOPPED', `Broker '${broker}' was closed while it connected`, { broker });
  }

  private failure(cause: Error): Error {
    if (isMultiBrokerError(cause)) return cause;
    const { name: broker } = this.options;
    const what = `Broker '${broker}' (kafka) could not connect: ${cause.message}`;
    return new MultiBrokerError('MULTI_BROKER_CONNECT_FAILED', what, {
      broker,
      cause,
      retryable: mayBeStarting(cause),
    });
  }
}

/**
 * Makes the topics that are to be there. Resolves with the cluster's id: positions hold it, so that two clusters' never
 * meet and a renamed broker's stay.
 */
async function prepareCluster(client: Client, settings: KafkaSettings, io: Io): Promise<string> {
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    await makeTopics(admin, wantedTopics(settings), io);
    return clusterId === '' ? io.broker : clusterId;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

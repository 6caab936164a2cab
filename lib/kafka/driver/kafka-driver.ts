import {
  type BrokerUse,
  type Driver,
  type DriverContext,
  type Finding,
  type Intake,
  type KeptAccess,
  type KeptMessages,
  OpenReadings,
  type Outcome,
  type Outgoing,
  publishOf,
  type ServerAddress,
  serverAddress,
  type Sink,
  type SourceSpec,
} from '../../driver/index.js';
import { asError, errorOf, isMultiBrokerError, type MultiBrokerError, publishErrorOf } from '../../errors/index.js';
import type { KafkaDestinationSpec } from '../destination-spec.js';
import { wantedTopics } from '../new-topics.js';
import { LeftOut } from '../record-headers.js';
import type { KafkaCommonSettings } from '../settings.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { TopicRequests } from '../topic-requests.js';
import type { Client, KafkaClient } from './client/client-port.js';
import { withAdmin } from './client/with-admin.js';
import { KafkaConnectionState } from './connection-state.js';
import { Groups } from './consumer/groups.js';
import { createTopics } from './create-topics.js';
import { ClusterInspection } from './inspection.js';
import { KeptRecords, type KeptRecordsHost } from './kept/kept-records.js';
import { TopicPartitions } from './producer/batch-plan.js';
import { KafkaProducer } from './producer/kafka-producer.js';
import { Publisher } from './producer/publisher.js';
import { InProgress, untilAborted, within } from '../../async/index.js';

/** Parts that exist while the driver is connected. */
interface Parts {
  readonly io: DriverContext;
  readonly connection: KafkaConnectionState;
  readonly client: Client;
  readonly producer: KafkaProducer;
  readonly publisher: Publisher;
  readonly groups: Groups;
  readonly keeper: KeptRecordsHost;
}

/** How long publishes may take to finish when the broker closes, in milliseconds. */
const PUBLISHES_MS = 3_000;
/** Of the connection of a comparison: some 3 s, and a timer less that goes on when it was given up. */
const INSPECTION_RETRIES = 5;

/** Kafka, by any client of it: one producer, and one consumer for each group. */
export class KafkaDriver implements Driver {
  readonly readsByName = publishOf(this);
  private parts: Parts | undefined;
  private readonly publishing = new InProgress<Promise<unknown>>();
  private readonly readings = new OpenReadings(() =>
    errorOf('MULTI_BROKER_STOPPED.closed', { broker: this.settings.name }),
  );
  private closed: Promise<void> | undefined;
  private readonly bootstrap: ServerAddress | undefined;
  private readonly requests: TopicRequests | undefined;
  /** Kafka has no requests; a codec may offer them by two topics. */
  readonly request: Driver['request'];

  constructor(
    private readonly client: KafkaClient,
    private readonly settings: KafkaCommonSettings,
  ) {
    const { server } = client.settings;
    this.bootstrap = server === undefined ? undefined : serverAddress(server);
    if (!TopicRequests.areMadeBy(settings)) return;
    const requests = (this.requests = new TopicRequests(settings, this));
    this.request = (to, message, signal) => requests.request(to, message, signal);
  }

  async connect(io: DriverContext, signal: AbortSignal): Promise<void> {
    const { settings } = this;
    const makeClient = this.client.maker(io);
    const connection = new KafkaConnectionState(io);
    const topics = new TopicPartitions();
    const producer = new KafkaProducer({ io, makeClient, connection, topics });
    const client = makeClient();
    try {
      const connecting = Promise.all([prepareCluster(client, settings, io), producer.connect()]);
      const [cluster] = await untilAborted(connecting, signal);
      if (this.closed !== undefined) throw this.stopped();
      const publisher = this.makePublisher(io, topics, producer);
      const groups = new Groups({ io, settings, client: this.client, makeClient, connection, cluster });
      const keeper = { io, makeClient, cluster };
      this.parts = { io, connection, client, producer, publisher, groups, keeper };
    } catch (thrown) {
      client.kill();
      producer.kill();
      throw this.failure(asError(thrown));
    }
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    return this.connected().groups.subscribe(sources as readonly KafkaSourceSpec[], sink, signal);
  }

  async kept(source: SourceSpec, access: KeptAccess, signal: AbortSignal): Promise<KeptMessages> {
    signal.throwIfAborted();
    const { keeper } = this.connected();
    return this.readings.open(KeptRecords.open(keeper, source as KafkaSourceSpec, access), signal);
  }

  async publish(to: KafkaDestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (this.parts === undefined || this.closed !== undefined) return batch.map(() => this.notWritten(to));
    const publish = this.parts.publisher.publish(to.address, batch);
    this.publishing.add(publish);
    try {
      return await publish;
    } finally {
      this.publishing.delete(publish);
    }
  }

  async inspect(io: DriverContext, use: BrokerUse, signal: AbortSignal): Promise<readonly Finding[]> {
    const client = this.client.maker(io)({ retries: INSPECTION_RETRIES });
    // A topic that is missing is not asked for again and again.
    const admin = client.admin({ retries: 1 });
    const inspecting = async (): Promise<readonly Finding[]> => {
      await admin.connect();
      return new ClusterInspection(admin, this.client.failures, this.settings).findings(use);
    };
    try {
      return await untilAborted(inspecting(), signal);
    } catch (thrown) {
      throw this.failure(asError(thrown));
    } finally {
      client.kill();
    }
  }

  healthIssues(): readonly string[] {
    if (this.parts === undefined) return [];
    const { groups, producer } = this.parts;
    const issue = producer.healthIssue;
    return issue === undefined ? groups.healthIssues() : [...groups.healthIssues(), issue];
  }

  /** The first of `client.brokers`: a leader of its own for each partition would make a series for each server. */
  connectedTo(): ServerAddress | undefined {
    return this.bootstrap;
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  native(): unknown {
    const { client, producer } = this.connected();
    return client.native(producer.current);
  }

  private async end(): Promise<void> {
    const { parts } = this;
    this.requests?.close();
    if (parts === undefined) return;
    const { io, connection, client, producer, publisher, groups } = parts;
    connection.close();
    await Promise.all([
      groups.close(),
      this.readings.close(),
      within(io.clock, Promise.all(this.publishing), PUBLISHES_MS),
    ]);
    publisher.close();
    await Promise.all(this.publishing);
    await producer.close();
    client.kill();
  }

  private makePublisher(io: DriverContext, topics: TopicPartitions, producer: KafkaProducer): Publisher {
    const { broker, clock, log } = io;
    const { name, failures, settings } = this.client;
    const { idempotent, sendRetries: retries } = settings;
    const leftOut = new LeftOut(broker, name, log);
    return new Publisher({ broker, clock, topics, producer, failures, leftOut, retries, idempotent });
  }

  private connected(): Parts {
    if (this.parts !== undefined && this.closed === undefined) return this.parts;
    throw errorOf('MULTI_BROKER_NOT_CONNECTED.broker', { broker: this.settings.name });
  }

  /** A publish never rejects. */
  private notWritten(to: KafkaDestinationSpec): Outcome {
    const params = { broker: this.settings.name, destination: to.name };
    return { error: publishErrorOf('MULTI_BROKER_NOT_CONNECTED.unwritten', params, { written: 'no' }) };
  }

  private stopped(): MultiBrokerError {
    return errorOf('MULTI_BROKER_STOPPED.closedWhileConnecting', { broker: this.settings.name });
  }

  private failure(cause: Error): Error {
    if (isMultiBrokerError(cause)) return cause;
    const params = { broker: this.settings.name, kind: 'kafka', reason: cause.message };
    return errorOf('MULTI_BROKER_CONNECT_FAILED.driver', params, {
      cause,
      retryable: this.client.failures.mayBeStarting(cause),
    });
  }
}

/**
 * Creates missing topics. Resolves with the cluster's id, which positions contain: those of two clusters never collide,
 * and those of a renamed broker stay.
 */
function prepareCluster(client: Client, settings: KafkaCommonSettings, io: DriverContext): Promise<string> {
  return withAdmin(client, async (admin) => {
    const clusterId = await admin.clusterId();
    await createTopics(admin, wantedTopics(settings), io);
    return clusterId === '' ? io.broker : clusterId;
  });
}

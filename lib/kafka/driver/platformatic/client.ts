import type { Admin as PlatformaticAdmin, ConnectionPool } from '@platformatic/kafka';
import type { DriverContext } from '../../../driver/index.js';
import type { Admin } from '../client/admin-port.js';
import type { Client, ClientHooks, ClientSettings, KafkaClient, MakeClient } from '../client/client-port.js';
import type { ConsumerListeners, GroupConsumer, GroupConsumerOptions } from '../client/consumer-port.js';
import type { Partitioner, Producer } from '../client/producer-port.js';
import { AdminOfPlatformatic } from './admin.js';
import { CLASSIC } from './assigner.js';
import { Connections, type Part } from './connections.js';
import { ConsumerOfPlatformatic } from './consumer.js';
import { boundDecompression } from './decompression.js';
import { failures } from './failures.js';
import { warnOfVersion } from './inside.js';
import { withLeaderless } from './leaderless.js';
import type {
  BytesProducer,
  MadeConsumerOptions,
  Platformatic,
  PlatformaticBrokerOptions,
  PlatformaticClientOptions,
  PlatformaticNative,
} from '../../platformatic/options.js';
import { PendingRequests } from './pending.js';
import { ProducerOfPlatformatic } from './producer.js';
import { intercept } from './requests.js';

/** Of one broker. */
type Options = Pick<PlatformaticBrokerOptions, 'client' | 'consumer' | 'producer' | 'maxDecompressedBytes'>;

const SESSION_MS = 30_000;
const REBALANCE_MS = 60_000;
/** A join is answered this long after the rebalance at the latest, as kafkajs has it. */
const JOIN_MARGIN_MS = 5_000;
const REQUEST_MS = 30_000;
const HEARTBEAT_MS = 3_000;
const MAX_DECOMPRESSED_BYTES = 32 * 1024 * 1024;
const LONG_POLL_MS = 250;
const METADATA_MAX_AGE_MS = 300_000;
const RETRIES = 8;
/** Of an idempotent producer, which has to repeat under the same sequence: some 15 s. The client's default has no end. */
const IDEMPOTENT_RETRIES = 8;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** @platformatic/kafka with the options of one broker. */
export class ClientOfPlatformatic implements KafkaClient {
  readonly name = '@platformatic/kafka';
  readonly failures = failures;
  readonly settings: ClientSettings;

  constructor(
    private readonly platformatic: Platformatic,
    private readonly options: Options,
  ) {
    const { client, consumer = {}, producer = {} } = options;
    const idempotent = producer.idempotent === true;
    this.settings = {
      server: serverOf(client.bootstrapBrokers[0]),
      sessionTimeoutMs: consumer.sessionTimeout ?? SESSION_MS,
      rebalanceTimeoutMs: consumer.rebalanceTimeout ?? REBALANCE_MS,
      maxWaitMs: consumer.maxWaitTime ?? LONG_POLL_MS,
      idempotent,
      sendRetries: idempotent ? 0 : (producer.retries ?? client.retries ?? RETRIES),
    };
  }

  maker(io: DriverContext): MakeClient {
    warnOfVersion(this.platformatic, io);
    boundDecompression(this.platformatic, this.options.maxDecompressedBytes ?? MAX_DECOMPRESSED_BYTES);
    return (hooks = {}) => new OneClient(this.platformatic, this.options, this.settings, io, hooks);
  }
}

class OneClient implements Client {
  private readonly connections = new Connections();
  private readonly pending: PendingRequests;
  private made: ConsumerOfPlatformatic | undefined;
  private nativeAdmin: PlatformaticAdmin | undefined;

  constructor(
    private readonly platformatic: Platformatic,
    private readonly options: Options,
    private readonly settings: ClientSettings,
    private readonly io: DriverContext,
    private readonly hooks: ClientHooks,
  ) {
    this.pending = new PendingRequests(settings.server);
  }

  admin({ retries = this.hooks.retries ?? this.options.client.retries ?? RETRIES } = {}): Admin {
    const admin = this.makeAdmin(retries);
    return new AdminOfPlatformatic(this.platformatic, admin, this.pending, this.io.clock, () =>
      this.connections.remove(admin),
    );
  }

  consumer(options: GroupConsumerOptions, listeners: ConsumerListeners): GroupConsumer {
    const { io, platformatic, pending } = this;
    const own = this.options.consumer ?? {};
    // A look at what a topic keeps writes metadata beside its offsets, which the client cannot do by KIP-848.
    const byServer = own.groupProtocol === 'consumer' && options.persistent;
    const made = this.consumerOptions(options, byServer);
    const consumer = this.add(new platformatic.Consumer<Buffer, Buffer, Buffer, Buffer>(made));
    const { requestTimeout = REQUEST_MS } = this.options.client;
    const joinTimeout = Math.max(requestTimeout, this.settings.rebalanceTimeoutMs + JOIN_MARGIN_MS);
    const pools = { fetches: this.pool(requestTimeout), joins: this.pool(joinTimeout) };
    const host = { io, platformatic, pending, options: own, byServer };
    return (this.made = new ConsumerOfPlatformatic(host, consumer, pools, options, listeners));
  }

  producer(partitioner: Partitioner): Producer {
    const { compression, idempotent = false } = this.options.producer ?? {};
    const { Producer: Made } = this.platformatic;
    const base = this.base(idempotent ? IDEMPOTENT_RETRIES : 0);
    const producer = new Made<Buffer, Buffer, Buffer, Buffer>({
      ...base,
      idempotent,
      ...(compression === undefined ? {} : { compression }),
    });
    producer.on('client:broker:disconnect', () => setImmediate(() => this.lost()));
    return new ProducerOfPlatformatic(this.add(producer), partitioner, this.options.producer ?? {}, this.pending);
  }

  unansweredIssue(): string | undefined {
    return this.pending.issue();
  }

  kill(): void {
    this.made?.end();
    this.connections.kill();
  }

  native(producer: Producer): PlatformaticNative {
    this.nativeAdmin ??= this.makeAdmin(this.options.client.retries ?? RETRIES);
    return { producer: producer.native as BytesProducer, admin: this.nativeAdmin };
  }

  /**
   * Not within the event: the client still has the connection in its pool then, and a request that is made on it is never
   * answered, nor any of its kind after that.
   */
  private lost(): void {
    if (!this.connections.killed) this.hooks.lost?.();
  }

  private pool(requestTimeout: number): ConnectionPool {
    const base = this.base(0);
    const pool = new this.platformatic.ConnectionPool(base.clientId, { ...base, requestTimeout });
    return this.connections.addPool(pool);
  }

  /** A line for each try of each connection: the broker itself tells once that it is lost, and that it is back. */
  private add<T extends Part>(part: T): T {
    intercept(part, this.platformatic, { Metadata: withLeaderless });
    part.on('client:broker:failed', ({ broker: { host, port } }) => {
      this.io.log.debug(`@platformatic/kafka could not connect to ${host}:${port}`);
    });
    return this.connections.add(part);
  }

  private makeAdmin(retries: number): PlatformaticAdmin {
    return this.add(new this.platformatic.Admin(this.base(retries)));
  }

  private consumerOptions({ groupId, maxWaitMs }: GroupConsumerOptions, byServer: boolean): MadeConsumerOptions {
    const { groupInstanceId, groupRemoteAssignor, heartbeatInterval = HEARTBEAT_MS } = this.options.consumer ?? {};
    const { sessionTimeoutMs: sessionTimeout, rebalanceTimeoutMs: rebalanceTimeout } = this.settings;
    const { metadataMaxAge = METADATA_MAX_AGE_MS } = this.options.consumer ?? {};
    const shared = {
      ...this.base(0),
      metadataMaxAge,
      groupId,
      autocommit: false,
      maxWaitTime: maxWaitMs,
      rebalanceTimeout,
      ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
    };
    if (!byServer) return { ...shared, ...CLASSIC, sessionTimeout, heartbeatInterval };
    const assignor = groupRemoteAssignor === undefined ? {} : { groupRemoteAssignor };
    // The client compares it with a session time-out that this protocol does not have.
    return { ...shared, ...assignor, groupProtocol: 'consumer', ...({ sessionTimeout: rebalanceTimeout } as object) };
  }

  private base(retries: number): PlatformaticClientOptions & { clientId: string } {
    const { clientId = 'nestjs-multi-broker', ...client } = this.options.client;
    return { ...client, clientId, retries, ...({ retryDelay: waitOf } as object) };
  }
}

const waitOf = (_client: object, _operation: string, attempt: number): number =>
  Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);

function serverOf(first: string | { host: string; port: number } | undefined): string | undefined {
  return typeof first === 'object' ? `${first.host}:${first.port}` : first;
}

import {
  type BrokerUse,
  type DestinationSpec,
  type Driver,
  type Finding,
  type Incoming,
  type Intake,
  type DriverContext,
  type KeptAccess,
  type KeptMessages,
  OpenReadings,
  type Outcome,
  type Outgoing,
  publishOf,
  type ServerAddress,
  type Sink,
  type SourceSpec,
} from '../../driver/index.js';
import { untilAborted } from '../../async/index.js';
import { errorOf, type MultiBrokerError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { NatsBrokerOptions } from '../options.js';
import type { NatsSourceSpec, StreamSourceSpec } from '../source-spec.js';
import type { ClientConnection, NatsClient } from './connection/client-port.js';
import { connect } from './connection/connect.js';
import { inspectServer } from './inspect/index.js';
import type { NatsIntake } from './intake.js';
import { openKept } from './jetstream/kept/index.js';
import { openIntake } from './open-intake.js';
import { PublishErrors } from './connection/publish-errors.js';
import { Session } from './session.js';

/** How long `close` waits for publishes in progress. */
const CLOSE_MS = 2_000;

/** Driver for NATS, core and JetStream, on one of its clients. */
export class NatsDriver implements Driver {
  /** `#` because they hold credentials: util.inspect, and so a log, shows a field that is only `private`. */
  readonly #options: NatsBrokerOptions;
  readonly readsByName = publishOf(this);
  private session: Session | undefined;
  private closed: Promise<void> | undefined;
  private readonly intakes = new Set<NatsIntake>();
  private readonly readings = new OpenReadings(() =>
    errorOf('MULTI_BROKER_STOPPED.closed', { broker: this.#options.name }),
  );

  constructor(
    private readonly client: NatsClient,
    options: NatsBrokerOptions,
  ) {
    this.#options = options;
  }

  async connect(io: DriverContext, signal: AbortSignal): Promise<void> {
    const nc = await connect(this.client, this.#options, signal);
    if (this.closed !== undefined) {
      await nc.close();
      throw this.stopped();
    }
    io.log.info(`NATS '${io.broker}': connected by ${this.client.name} ${this.client.version}`);
    this.session = new Session(nc, this.client, this.#options, io);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const session = this.open();
    const opening = openIntake(session, sources as readonly NatsSourceSpec[], sink, signal, (closed) =>
      this.intakes.delete(closed),
    );
    const intake = await opening.catch((thrown: unknown) => {
      // The error of a request that lost its connection does not say that the broker was stopped.
      throw this.closed === undefined ? thrown : this.stopped();
    });
    if (this.closed !== undefined) {
      await intake.close();
      throw this.stopped();
    }
    this.intakes.add(intake);
    return intake;
  }

  async kept(source: SourceSpec, access: KeptAccess, signal: AbortSignal): Promise<KeptMessages> {
    return this.readings.open(openKept(this.open(), source as StreamSourceSpec, access, signal), signal);
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[], written?: () => void): Promise<readonly Outcome[]> {
    if (this.session !== undefined) return this.session.publish(to as NatsDestinationSpec, batch, written);
    const error = new PublishErrors(this.#options.name).notConnected(to as NatsDestinationSpec);
    return batch.map(() => ({ error }));
  }

  async request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    return this.open().requester.request(to as NatsDestinationSpec, message, signal);
  }

  async inspect(_io: DriverContext, use: BrokerUse, signal: AbortSignal): Promise<readonly Finding[]> {
    const nc = await connect(this.client, this.#options, signal);
    try {
      return await untilAborted(inspectServer(this.client, nc, this.#options, use), signal);
    } finally {
      await nc.close();
    }
  }

  healthIssues(): readonly string[] {
    const intakes = [...this.intakes];
    const silence = this.session?.silence(intakes.flatMap(({ sources }) => sources));
    const ofAll = [silence, this.session?.subscriptionLimit.issue].filter((issue) => issue !== undefined);
    return [...ofAll, ...intakes.flatMap((intake) => intake.healthIssues())];
  }

  connectedTo(): ServerAddress | undefined {
    return this.session?.connection.server;
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    // Also those that were not closed before: their lanes are lost, and unsettled messages go back to the server.
    await Promise.all([this.readings.close(), ...[...this.intakes].map((intake) => intake.close())]);
    await this.session?.close(CLOSE_MS);
  }

  native(): ClientConnection {
    return this.open().connection.nc;
  }

  private open(): Session {
    if (this.session === undefined || this.closed !== undefined) throw this.stopped();
    return this.session;
  }

  private stopped(): MultiBrokerError {
    return errorOf('MULTI_BROKER_STOPPED.noConnection', { broker: this.#options.name });
  }
}

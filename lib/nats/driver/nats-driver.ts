import type { NatsConnection } from 'nats';

import type {
  DestinationSpec,
  Driver,
  Incoming,
  Intake,
  Io,
  Outcome,
  Outgoing,
  Sink,
  SourceSpec,
} from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { NatsClient } from '../load-client.js';
import type { NatsBrokerOptions } from '../options.js';
import type { NatsSourceSpec } from '../source-spec.js';
import { dial } from './dial.js';
import type { NatsIntake } from './intake.js';
import { openIntake } from './open-intake.js';
import { PublishErrors } from './publish-errors.js';
import { Session } from './session.js';

/** How long `close` waits for publishes under way. */
const closeMs = 2_000;

/** NATS, core and JetStream, by the `nats` client. */
export class NatsDriver implements Driver {
  readonly #client: NatsClient;
  readonly #options: NatsBrokerOptions;
  #session: Session | undefined;
  #closed: Promise<void> | undefined;
  readonly #intakes = new Set<NatsIntake>();

  constructor(client: NatsClient, options: NatsBrokerOptions) {
    this.#client = client;
    this.#options = options;
  }

  async connect(io: Io, signal: AbortSignal): Promise<void> {
    const nc = await dial(this.#client, this.#options, signal);
    if (this.#closed !== undefined) {
      await nc.close();
      throw this.#stopped();
    }
    this.#session = new Session(nc, this.#client, this.#options, io);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const session = this.#open();
    const opening = openIntake(session, sources as readonly NatsSourceSpec[], sink, signal, (closed) =>
      this.#intakes.delete(closed),
    );
    const intake = await opening.catch((thrown: unknown) => {
      // What a request without a connection ends by says nothing of why.
      throw this.#closed === undefined ? thrown : this.#stopped();
    });
    if (this.#closed !== undefined) {
      await intake.close();
      throw this.#stopped();
    }
    this.#intakes.add(intake);
    return intake;
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    if (this.#session !== undefined) return this.#session.publish(to as NatsDestinationSpec, batch);
    const error = new PublishErrors(this.#options.name).notConnected(to as NatsDestinationSpec);
    return batch.map(() => ({ error }));
  }

  async request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    return this.#open().requester.request(to as NatsDestinationSpec, message, signal);
  }

  ailments(): readonly string[] {
    return [...this.#intakes].flatMap((intake) => intake.ailments());
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    // Their lanes are lost and what is unsettled goes back, also where nobody closed them.
    await Promise.all([...this.#intakes].map((intake) => intake.close()));
    await this.#session?.close(closeMs);
  }

  native(): NatsConnection {
    return this.#open().connection.nc;
  }

  #open(): Session {
    if (this.#session === undefined || this.#closed !== undefined) throw this.#stopped();
    return this.#session;
  }

  #stopped(): MultiBrokerError {
    const { name } = this.#options;
    return new MultiBrokerError('MULTI_BROKER_STOPPED', `Broker '${name}' has no connection`, { broker: name });
  }
}

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
import { MultiBrokerError, PublishError } from '../../errors/index.js';
import { busWaitsOf, randomOf, type Stored } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { PublishErrors } from '../driver/publish-errors.js';
import type { NatsSourceSpec } from '../source-spec.js';
import { ask } from './ask.js';
import { openLane, type OpenLane } from './open-lanes.js';
import { takeIn } from './taking-in.js';
import { TwinIntake } from './twin-intake.js';
import { TwinServer } from './twin-server.js';

/** The in-memory twin of the NATS driver. Twins of one module share one server. */
export class NatsTwin implements Driver {
  readonly #intakes = new Set<TwinIntake>();
  readonly #closed = new AbortController();
  readonly #errors: PublishErrors;
  #open: { readonly io: Io; readonly server: TwinServer } | undefined;

  constructor(private readonly broker: string) {
    this.#errors = new PublishErrors(broker);
  }

  connect(io: Io, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const server = io.shared('twin:nats', () => new TwinServer(io.clock, randomOf(io)));
    this.#open = { io, server };
    busWaitsOf(io).tells(this.broker, server);
    return Promise.resolve();
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    signal.throwIfAborted();
    const { io, server } = this.#connected();
    const lanes: OpenLane[] = [];
    try {
      for (const source of sources as readonly NatsSourceSpec[]) lanes.push(await openLane(source, sink, server, io));
    } catch (thrown) {
      for (const lane of lanes) lane.close();
      throw signal.aborted ? signal.reason : thrown;
    }
    const intake: TwinIntake = new TwinIntake(lanes, () => this.#intakes.delete(intake));
    this.#intakes.add(intake);
    return intake;
  }

  publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    return Promise.resolve(batch.map((message) => this.#write(to as NatsDestinationSpec, message)));
  }

  /** As the real driver refuses: a stream's PubAck is no answer. */
  async request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    const spec = to as NatsDestinationSpec;
    if (spec.via === 'jetstream') throw unsupported(spec, this.broker);
    if (this.#open === undefined) throw this.#errors.notConnected(spec);
    const { io, server } = this.#open;
    const stored = takeIn(message, spec, {
      timestamp: io.clock.now(),
      broker: this.broker,
      replyTo: server.newInbox(),
      errors: this.#errors,
    });
    if (stored instanceof PublishError) throw stored;
    return ask(stored, { to: to.name, server, io, signal, closed: this.#closed.signal });
  }

  async close(): Promise<void> {
    for (const intake of [...this.#intakes]) await intake.close();
    this.#open = undefined;
    this.#closed.abort(new MultiBrokerError('MULTI_BROKER_STOPPED', `Broker '${this.broker}' was closed`));
  }

  native(): never {
    throw new MultiBrokerError('MULTI_BROKER_NATIVE_UNAVAILABLE', `Broker '${this.broker}' is an in-memory twin`);
  }

  #connected(): { readonly io: Io; readonly server: TwinServer } {
    if (this.#open !== undefined) return this.#open;
    const what = `Broker '${this.broker}' has no connection`;
    throw new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.broker });
  }

  #write(to: NatsDestinationSpec, message: Outgoing): Outcome {
    if (this.#open === undefined) return { error: this.#errors.notConnected(to) };
    const { io, server } = this.#open;
    const stored = takeIn(message, to, { timestamp: io.clock.now(), broker: this.broker, errors: this.#errors });
    const refusal = stored instanceof PublishError ? stored : this.#refusal(to, server);
    if (refusal !== undefined) return { error: refusal };
    const { ack } = server.publish(stored as Stored);
    // Core NATS confirms that the server has it, and says nothing of a stream that keeps it too.
    if (to.via === 'core' || ack === undefined) return { receipt: {} };
    // A 5xx: it may be taken later.
    if ('error' in ack) return { error: this.#errors.refused(to, ack.error.description, true) };
    return { receipt: { position: `${ack.stream}@${ack.seq}`, ...(ack.duplicate && { duplicate: true }) } };
  }

  /** Why no stream takes the message, or not the one that it is meant for. */
  #refusal(to: NatsDestinationSpec, server: TwinServer): PublishError | undefined {
    if (to.via === 'core') return undefined;
    const stream = server.capturing(to.subject);
    if (stream === undefined) return this.#errors.noStream(to, true);
    if (to.stream === undefined || to.stream === stream.name) return undefined;
    return this.#errors.refused(to, `stream ${stream.name} takes it`);
  }
}

function unsupported(to: NatsDestinationSpec, broker: string): MultiBrokerError {
  const what = `A request to ${to.name} would be answered by the stream's PubAck: give the subject as a plain string`;
  return new MultiBrokerError('MULTI_BROKER_REQUEST_UNSUPPORTED', what, { broker });
}

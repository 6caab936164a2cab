import {
  type DestinationSpec,
  type Incoming,
  InProcessDriver,
  type Io,
  LazyAbortController,
  type Outcome,
  type Outgoing,
  type Sink,
  type SourceSpec,
} from '../../driver/index.js';
import { MultiBrokerError, PublishError } from '../../errors/index.js';
import { busWaitsOf, randomOf, type Stored } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { PublishErrors } from '../driver/publish-errors.js';
import { streamCannotBeAsked } from '../request-errors.js';
import type { NatsSourceSpec } from '../source-spec.js';
import { ask } from './ask.js';
import { type OpenLane, openLanes } from './open-lanes.js';
import { takeIn, type TakingIn } from './taking-in.js';
import { TwinServer } from './twin-server.js';

const CONFIRMED: Outcome = Object.freeze({ receipt: Object.freeze({}) });

/** What exists once the twin is connected. */
interface Open {
  readonly io: Io;
  readonly server: TwinServer;
}

/** The in-memory twin of the NATS driver. Twins of one module share one server. */
export class NatsTwin extends InProcessDriver<Open> {
  /** Ends the requests that are under way. */
  readonly #requests = new LazyAbortController();
  readonly #errors = new PublishErrors(this.broker);

  protected reach(io: Io): Open {
    const server = io.shared('twin:nats', () => new TwinServer(io.clock, randomOf(io)));
    busWaitsOf(io).tells(this.broker, server);
    return { io, server };
  }

  protected read({ io, server }: Open, sources: readonly SourceSpec[], sink: Sink): Promise<readonly OpenLane[]> {
    return openLanes(sources as readonly NatsSourceSpec[], sink, server, io);
  }

  protected write({ io, server }: Open, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[] {
    const at = { timestamp: io.clock.now(), broker: this.broker, errors: this.#errors };
    const spec = to as NatsDestinationSpec;
    let refusal: PublishError | undefined;
    return batch.map((message) => {
      // As the driver: what stands behind a message that is tried again is not written before it.
      if (refusal !== undefined) return { error: this.#errors.behind(spec, refusal) };
      const outcome = this.#write(server, spec, message, at);
      if ('error' in outcome && outcome.error.retryable) refusal = outcome.error;
      return outcome;
    });
  }

  /** As the real driver refuses: a stream's PubAck is no answer. */
  async request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    const spec = to as NatsDestinationSpec;
    if (spec.via === 'jetstream') throw streamCannotBeAsked(spec, this.broker);
    if (this.server === undefined) throw this.notConnected(spec);
    const { io, server } = this.server;
    const stored = takeIn(message, spec, {
      timestamp: io.clock.now(),
      broker: this.broker,
      replyTo: server.newInbox(),
      errors: this.#errors,
    });
    if (stored instanceof PublishError) throw stored;
    return ask(stored, { to: to.name, server, io, signal, closed: this.#requests.signal });
  }

  override async close(): Promise<void> {
    await super.close();
    this.#requests.abort(() => new MultiBrokerError('MULTI_BROKER_STOPPED', `Broker '${this.broker}' was closed`));
  }

  #write(server: TwinServer, to: NatsDestinationSpec, message: Outgoing, at: TakingIn): Outcome {
    const stored = takeIn(message, to, at);
    const refusal = stored instanceof PublishError ? stored : this.#refusal(to, server);
    if (refusal !== undefined) return { error: refusal };
    const { ack } = server.publish(stored as Stored);
    // Core NATS confirms that the server has it, and says nothing of a stream that keeps it too.
    if (to.via === 'core' || ack === undefined) return CONFIRMED;
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

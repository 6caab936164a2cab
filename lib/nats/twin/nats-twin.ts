import { LazyAbortController } from '../../async/index.js';
import {
  type DestinationSpec,
  type DriverContext,
  type Incoming,
  InProcessDriver,
  type KeptAccess,
  type KeptMessages,
  notConnected,
  type Outcome,
  type Outgoing,
  publishOf,
  type Sink,
  type SourceSpec,
} from '../../driver/index.js';
import { errorOf, phrase, PublishError } from '../../errors/index.js';
import { backlogOf, randomOf, type Stored } from '../../twin/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { PublishErrors, streamCannotBeAsked } from '../driver/connection/publish-errors.js';
import { ensureConsumer } from '../driver/jetstream/consumer-config.js';
import { type CoreSourceSpec, createsStream, type NatsSourceSpec, type StreamSourceSpec } from '../source-spec.js';
import { acceptPublish, type PublishContext } from './accept-publish.js';
import { CoreLane } from './core-lane.js';
import { twinManager } from './jetstream-manager.js';
import { request } from './request.js';
import { openKept } from './kept-arrivals.js';
import { StreamLane } from './stream-lane.js';
import { TwinServer } from './twin-server.js';

const CONFIRMED: Outcome = Object.freeze({ receipt: Object.freeze({}) });

/** State of a connected twin. */
interface Open {
  readonly io: DriverContext;
  readonly server: TwinServer;
}

/** The in-memory twin of the NATS driver. Twins of one module share one server. */
export class NatsTwin extends InProcessDriver<Open> {
  readonly readsByName = publishOf(this);
  /** Aborts open requests. */
  private readonly requests = new LazyAbortController();
  private readonly errors = new PublishErrors(this.broker);

  protected reach(io: DriverContext): Open {
    const server = io.shared('twin:nats', () => new TwinServer(io.clock, randomOf(io)));
    backlogOf(io).register(this.broker, server);
    return { io, server };
  }

  protected read({ io, server }: Open, sources: readonly SourceSpec[], sink: Sink): Promise<readonly OpenLane[]> {
    return openLanes(sources as readonly NatsSourceSpec[], sink, server, io);
  }

  async kept(source: SourceSpec, access: KeptAccess, signal: AbortSignal): Promise<KeptMessages> {
    signal.throwIfAborted();
    if (this.server === undefined) throw notConnected(this.broker);
    const opening = openKept(source as StreamSourceSpec, access, this.server.server, this.broker);
    return this.readings.open(opening, signal);
  }

  protected write({ io, server }: Open, to: DestinationSpec, batch: readonly Outgoing[]): readonly Outcome[] {
    const at = { timestamp: io.clock.now(), broker: this.broker, errors: this.errors };
    const spec = to as NatsDestinationSpec;
    let refusal: PublishError | undefined;
    return batch.map((message) => {
      // Like the driver: a message behind one that is retried is not written before it.
      if (refusal !== undefined) return { error: this.errors.behind(spec, refusal) };
      const outcome = this.writeOne(server, spec, message, at);
      if ('error' in outcome && outcome.error.retryable) refusal = outcome.error;
      return outcome;
    });
  }

  /** Rejects as the real driver does: a stream's PubAck is no reply. */
  async request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    const spec = to as NatsDestinationSpec;
    if (spec.via === 'jetstream') throw streamCannotBeAsked(spec, this.broker);
    if (this.server === undefined) throw this.notConnected(spec);
    const { io, server } = this.server;
    const stored = acceptPublish(message, spec, {
      timestamp: io.clock.now(),
      broker: this.broker,
      replyTo: server.newInbox(),
      errors: this.errors,
    });
    if (stored instanceof PublishError) throw stored;
    return request(stored, { to: to.name, server, io, signal, closed: this.requests.signal });
  }

  override async close(): Promise<void> {
    await super.close();
    this.requests.abort(() => errorOf('MULTI_BROKER_STOPPED.closed', { broker: this.broker }));
  }

  private writeOne(server: TwinServer, to: NatsDestinationSpec, message: Outgoing, at: PublishContext): Outcome {
    const stored = acceptPublish(message, to, at);
    const refusal = stored instanceof PublishError ? stored : this.refusal(to, server);
    if (refusal !== undefined) return { error: refusal };
    const { ack } = server.publish(stored as Stored);
    // Core NATS confirms receipt by the server, and says nothing about a stream that stores the message too.
    if (to.via === 'core' || ack === undefined) return CONFIRMED;
    // A 5xx: a retry may succeed.
    if ('error' in ack) return { error: this.errors.refused(to, ack.error.description, true) };
    return { receipt: { position: `${ack.stream}@${ack.seq}`, ...(ack.duplicate && { duplicate: true }) } };
  }

  /** The error if no stream captures the subject, or another one than expected. */
  private refusal(to: NatsDestinationSpec, server: TwinServer): PublishError | undefined {
    if (to.via === 'core') return undefined;
    const stream = server.capturing(to.subject);
    if (stream === undefined) return this.errors.noStream(to, true);
    if (to.stream === undefined || to.stream === stream.name) return undefined;
    return this.errors.refused(to, phrase('natsOtherStream', { stream: stream.name }));
  }
}

/** An open lane, with the ways to end it. */
export interface OpenLane {
  stopFetching(): void;
  close(): void;
  /** Its process has died: nothing is nacked. */
  abandon(): void;
  /** Absent for a core subscription, which keeps nothing. */
  lag?(source: SourceSpec): number | undefined;
}

/** Opens lanes for all sources. Rejects as the real driver does, without opening any lane. */
export async function openLanes(
  sources: readonly NatsSourceSpec[],
  sink: Sink,
  server: TwinServer,
  io: DriverContext,
): Promise<readonly OpenLane[]> {
  for (const source of [...sources].sort((one, other) => +createsStream(other) - +createsStream(one))) {
    if (source.via === 'jetstream') await ensureConsumer(twinManager(server, io.broker), source, io);
  }
  return sources.map((source) => {
    return source.via === 'core' ? openCore(source, sink, server, io) : openStream(source, sink, server, io);
  });
}

function openCore(source: CoreSourceSpec, sink: Sink, server: TwinServer, io: DriverContext): OpenLane {
  const lane = new CoreLane(source, sink, io);
  sink.opened(lane);
  const unsubscribe = server.subscriptions.add(lane);
  const stopFetching = (): void => {
    unsubscribe();
    lane.stopFetching();
  };
  const close = (): void => {
    stopFetching();
    lane.close();
  };
  // A core subscription has nothing to nack.
  return { stopFetching, close, abandon: close };
}

function openStream(source: StreamSourceSpec, sink: Sink, server: TwinServer, io: DriverContext): OpenLane {
  const consumer = server.stream(source.stream)?.consumer(io.broker, source.consumer);
  if (consumer === undefined) throw new Error(`${source.name} was made and is not there`);
  const lane = new StreamLane(source, consumer, sink, io);
  sink.opened(lane);
  lane.open();
  return lane;
}

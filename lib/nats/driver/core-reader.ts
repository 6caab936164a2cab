import type { Msg, Subscription } from 'nats';

import type { Incoming, Io, Lane, Sink } from '../../driver/index.js';
import { MultiBrokerError } from '../../errors/index.js';
import type { CoreSourceSpec } from '../source-spec.js';
import { paramReader } from '../subject-match.js';
import type { Connection } from './connection.js';
import { CoreMessage } from './core-message.js';
import type { Reader } from './intake.js';

/**
 * One core subscription. What it gets within a turn is handed over as one batch; user code never runs in the client's
 * callback.
 */
export class CoreReader implements Reader {
  private readonly lost = new AbortController();
  private readonly lane: Lane;
  private readonly readParams;
  private readonly stopListening: () => void;
  private subscription: Subscription | undefined;
  private arrived: Incoming[] = [];
  private refusal: Error | undefined;
  private leaving = false;

  constructor(
    private readonly spec: CoreSourceSpec,
    private readonly connection: Connection,
    private readonly io: Io,
    private readonly sink: Sink,
  ) {
    this.readParams = paramReader(spec.subject);
    this.lane = {
      source: spec,
      name: spec.subject,
      lost: this.lost.signal,
      again: 'never',
      waits: false,
      pendingBytesLimit: spec.pendingBytesLimit,
      settle: () => undefined,
    };
    this.stopListening = connection.listen({
      up: () => {
        // nats.js restores what is open; what the server refused before may be allowed by now.
        if (this.refusal !== undefined && !this.leaving) this.subscribe();
      },
    });
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** The caller waits for a PONG, then asks {@link problem}. */
  start(): void {
    if (this.leaving) return;
    this.sink.opened(this.lane);
    this.subscribe();
    if (this.spec.queue === undefined) {
      this.io.log.info(
        `NATS '${this.io.broker}': subject ${this.spec.subject} has no queue: every replica of this application handles every message`,
      );
    }
  }

  /**
   * Why the server does not let this client read, once it has answered.
   *
   * @param why what it said without naming a subscription
   */
  problem(why?: string): MultiBrokerError | undefined {
    const reason = this.refusal?.message ?? why;
    if (reason === undefined) return undefined;
    const what = `Broker '${this.io.broker}' cannot read ${this.spec.name}: ${reason}`;
    const details = { broker: this.io.broker, cause: this.refusal };
    return new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, details);
  }

  /** Leaves; what the server had sent by then is still handed over, known by the PONG that follows the UNSUB. */
  async quiet(): Promise<void> {
    this.leaving = true;
    const { subscription } = this;
    if (subscription === undefined || subscription.isClosed()) return;
    if (!this.connection.up) {
      subscription.unsubscribe();
      return;
    }
    const drained = subscription.drain();
    await Promise.race([drained, this.connection.pong()]).catch(() => undefined);
    if (!subscription.isClosed()) subscription.unsubscribe();
    this.handOver();
  }

  close(): Promise<void> {
    this.leaving = true;
    this.stopListening();
    if (this.subscription?.isClosed() === false) this.subscription.unsubscribe();
    this.arrived = [];
    this.lost.abort();
    return Promise.resolve();
  }

  ailments(): readonly string[] {
    return this.refusal === undefined ? [] : [`${this.spec.name} is not read: ${this.refusal.message}`];
  }

  private subscribe(): void {
    this.refusal = undefined;
    this.subscription = this.connection.nc.subscribe(this.spec.subject, {
      ...(this.spec.queue !== undefined && { queue: this.spec.queue }),
      callback: (error, message) => {
        if (error === null) this.arrive(message);
        else this.refused(error);
      },
    });
  }

  private arrive(message: Msg): void {
    if (this.arrived.length === 0) {
      queueMicrotask(() => {
        this.handOver();
      });
    }
    this.arrived.push(new CoreMessage(message, this.io.broker, this.io.clock.now(), this.readParams));
  }

  /** The lane does not wait: delivery takes what it can and counts what it drops. */
  private handOver(): void {
    const batch = this.arrived;
    if (batch.length === 0) return;
    this.arrived = [];
    void this.sink.take(this.lane, batch);
  }

  private refused(error: Error): void {
    this.refusal = error;
    if (!this.leaving) this.io.log.error(`NATS '${this.io.broker}': ${this.spec.name} is not read`, error);
  }
}

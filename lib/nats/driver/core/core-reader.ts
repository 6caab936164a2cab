import { Backoff, nextTurn, sleep } from '../../../async/index.js';
import type { Incoming, DriverContext, Lane, Sink } from '../../../driver/index.js';
import { errorOf, type MultiBrokerError } from '../../../errors/index.js';
import type { CoreSourceSpec } from '../../source-spec.js';
import { paramReader } from '../../subject.js';
import type { Connection } from '../connection/connection.js';
import type { SourceReader } from '../intake.js';
import { CoreMessage } from './core-message.js';
import type { ClientMessage, ClientSubscription } from '../connection/client-port.js';

/** Backoff between attempts to subscribe once more, in milliseconds. */
const BACKOFF = { first: 1_000, most: 10_000 };

/**
 * One core subscription. Everything that arrives within a turn is delivered as one batch, so user code never runs in
 * the client's callback.
 */
export class CoreReader implements SourceReader {
  private readonly lost = new AbortController();
  private readonly lane: Lane;
  private readonly readParams;
  private readonly stopListening: () => void;
  private subscription: ClientSubscription | undefined;
  private arrived: Incoming[] = [];
  private refusal: Error | undefined;
  private retrying = false;
  private readonly left = new AbortController();

  constructor(
    readonly spec: CoreSourceSpec,
    private readonly connection: Connection,
    private readonly io: DriverContext,
    private readonly sink: Sink,
  ) {
    this.readParams = paramReader(spec.path);
    this.lane = {
      source: spec,
      name: spec.subject,
      lost: this.lost.signal,
      redelivery: 'none',
      backpressure: false,
      readsOn: true,
      pendingBytesLimit: spec.pendingBytesLimit,
      settle: () => undefined,
    };
    this.stopListening = connection.listen({
      up: () => {
        if (this.refusal !== undefined) void this.tryAgain();
      },
    });
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** The caller waits for a PONG, then checks {@link problem}. */
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
   * The error if the server refused the subscription; known once the server has answered a PING.
   *
   * @param why an error that the server sent without naming a subscription
   */
  problem(why?: string): MultiBrokerError | undefined {
    const reason = this.refusal?.message ?? why;
    if (reason === undefined) return undefined;
    const params = { broker: this.io.broker, source: this.spec.name, reason };
    return errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.unreadable', params, { cause: this.refusal });
  }

  /** Unsubscribes; what the server sent before it read the UNSUB, which a PONG confirms, is still delivered. */
  async stopFetching(): Promise<void> {
    this.left.abort();
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
    this.left.abort();
    this.stopListening();
    if (this.subscription?.isClosed() === false) this.subscription.unsubscribe();
    this.arrived = [];
    this.lost.abort();
    return Promise.resolve();
  }

  healthIssues(): readonly string[] {
    return this.refusal === undefined ? [] : [`${this.spec.name} is not read: ${this.refusal.message}`];
  }

  private get leaving(): boolean {
    return this.left.signal.aborted;
  }

  private subscribe(): void {
    this.subscription = this.connection.nc.subscribe(this.spec.subject, {
      ...(this.spec.queue !== undefined && { queue: this.spec.queue }),
      callback: (error, message) => {
        if (error === null) this.arrive(message);
        else this.refused(error);
      },
    });
  }

  private arrive(message: ClientMessage): void {
    if (this.arrived.length === 0) {
      queueMicrotask(() => this.handOver());
    }
    this.arrived.push(new CoreMessage(message, this.io.broker, this.io.clock.now(), this.readParams));
  }

  /** The lane has no backpressure: delivery takes what it can, and counts what it drops. */
  private handOver(): void {
    const batch = this.arrived;
    if (batch.length === 0) return;
    this.arrived = [];
    void this.sink.take(this.lane, batch);
  }

  private refused(error: Error): void {
    const isNew = this.refusal === undefined;
    this.refusal = error;
    if (this.leaving) return;
    if (isNew) this.io.log.error(`NATS '${this.io.broker}': ${this.spec.name} is not read`, error);
    void this.retry();
  }

  /**
   * A server whose configuration is read again ends subscriptions that it does not allow any more, on open connections,
   * and does not tell when it allows them once more (nats-server 2.15.1): only a further try does.
   */
  private async retry(): Promise<void> {
    if (this.retrying) return;
    this.retrying = true;
    const backoff = new Backoff(BACKOFF.first, BACKOFF.most);
    while (this.refusal !== undefined && !this.leaving) {
      await sleep(this.io.clock, backoff.next(), this.left.signal, 'subscribe again');
      await this.tryAgain();
    }
    this.retrying = false;
  }

  /** Each refusal is an error of its own, so the one of before stands until the server has read this subscription. */
  private async tryAgain(): Promise<void> {
    const { connection, refusal: before } = this;
    if (this.leaving || !connection.up) return;
    // nats.js closes one that is refused, and restores an open one after a reconnect.
    if (this.subscription?.isClosed() !== false) this.subscribe();
    await connection.pong().then(
      async () => {
        await nextTurn();
        this.allowed(before);
      },
      () => undefined,
    );
  }

  private allowed(before: Error | undefined): void {
    if (this.leaving || this.refusal !== before) return;
    this.refusal = undefined;
    this.io.log.info(`NATS '${this.io.broker}': ${this.spec.name} is read again`);
  }
}

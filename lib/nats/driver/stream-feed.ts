import type { Msg, NatsConnection } from 'nats';

import type { Clock, Sink } from '../../driver/index.js';
import { Puller, type PullerEvents } from './puller.js';
import type { StreamLane } from './stream-lane.js';
import { deliveryInfo, StreamMessage, type StreamMessageContext } from './stream-message.js';

/** How much is pulled. */
export interface PullLimits {
  /** Most messages that are asked for or wait here. */
  readonly messages: number;
  /** How long one pull may wait; undefined: as long as is usual. */
  readonly expiresMs: number | undefined;
}

/** What a feed is made of. */
export interface FeedParts {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  readonly sink: Sink;
  readonly context: StreamMessageContext;
  /** The subject that pulls from the consumer. */
  readonly next: string;
  readonly newInbox: () => string;
  /** Asked whenever it begins to pull: a consumer's limits may be changed while it is read. */
  readonly limits: () => PullLimits;
  readonly stalled: PullerEvents['stalled'];
  readonly idle: PullerEvents['idle'];
  /** It is no message to handle. */
  readonly isMarker: (message: Msg) => boolean;
  /** A message came that nobody can settle. */
  readonly unplaced: (reply: string | undefined) => void;
}

/**
 * Brings a lane's messages from the server to delivery. While delivery is full nothing more is asked for; what was
 * asked for before waits here, its lease extended.
 */
export class StreamFeed {
  private waiting: StreamMessage[] = [];
  private full = false;
  private leaving = false;
  private handingOver = false;
  private stopExtending: (() => void) | undefined;
  private puller: Puller | undefined;
  private most = 0;

  constructor(
    readonly lane: StreamLane,
    private readonly parts: FeedParts,
  ) {}

  /** Begins to pull, or begins anew: what an earlier pull was to bring is not waited for. */
  pull(): void {
    const { nc, next, newInbox, clock, stalled, idle, limits } = this.parts;
    const { messages, expiresMs } = limits();
    this.most = messages;
    this.puller?.drop();
    const events: PullerEvents = {
      message: (message) => {
        this.arrive(message);
      },
      stalled,
      idle: () => {
        this.refill();
        idle();
      },
    };
    this.puller = new Puller(nc, next, newInbox(), clock, events, expiresMs);
    this.refill();
  }

  /** The connection is lost: nothing comes and nothing is waited for. */
  pause(): void {
    this.puller?.drop();
  }

  /** No further take: what comes from now on, and what waits here, goes back to the server. */
  async quiet(pong: (() => Promise<void>) | undefined): Promise<void> {
    this.leaving = true;
    for (const message of this.waiting.splice(0)) this.lane.settle(message, { againInMs: 0 });
    if (pong === undefined) this.puller?.drop();
    else await this.puller?.drain(pong);
  }

  /** The consumer is gone. */
  lose(): void {
    this.end();
    this.lane.lose();
  }

  /** Everything that is not settled goes back. */
  close(): void {
    this.end();
    this.lane.giveBack();
  }

  private end(): void {
    this.leaving = true;
    this.waiting = [];
    this.puller?.drop();
    this.stopExtending?.();
  }

  private arrive(message: Msg): void {
    const info = deliveryInfo(message.reply ?? '');
    if (info === undefined) this.parts.unplaced(message.reply);
    if (info === undefined || this.lane.lost.aborted) return;
    if (!this.lane.swallows(info)) {
      const accepted = new StreamMessage(message, info, this.parts.context);
      this.accept(accepted, this.parts.isMarker(message));
    }
    this.handOverSoon();
  }

  private accept(message: StreamMessage, isMarker: boolean): void {
    this.lane.add(message);
    if (isMarker) {
      this.lane.settle(message, 'done');
      return;
    }
    if (this.leaving) {
      this.lane.settle(message, { againInMs: 0 });
      return;
    }
    this.waiting.push(message);
    this.keepLeases();
  }

  /** What one read of the socket brought is one batch. */
  private handOverSoon(): void {
    if (this.handingOver) return;
    this.handingOver = true;
    queueMicrotask(() => {
      this.handingOver = false;
      this.handOver();
    });
  }

  private handOver(): void {
    if (this.full || this.leaving) return;
    if (this.waiting.length > 0) {
      const room = this.parts.sink.take(this.lane, this.waiting.splice(0));
      if (room !== undefined) {
        this.full = true;
        void room.then(() => {
          this.full = false;
          this.handOver();
        });
        return;
      }
    }
    this.refill();
  }

  private refill(): void {
    if (this.full || this.leaving) return;
    this.puller?.refill(this.most - this.waiting.length, this.most);
  }

  private keepLeases(): void {
    this.stopExtending ??= this.parts.clock.after(this.lane.leaseMs / 3, () => {
      this.stopExtending = undefined;
      if (this.waiting.length === 0) return;
      for (const message of this.waiting) this.lane.extend(message);
      this.keepLeases();
    });
  }
}

import type { Msg, NatsConnection } from 'nats';

import type { Clock, Sink } from '../../driver/index.js';
import { sizeOf } from './message-parts.js';
import type { MessageSizes } from './message-sizes.js';
import { Puller, type PullerEvents } from './puller.js';
import type { StreamLane } from './stream-lane.js';
import { deliveryInfo, StreamMessage, type StreamMessageContext } from './stream-message.js';

/** How much is pulled. */
export interface PullLimits {
  /** Most messages that one pull may ask for. */
  readonly batch: number;
  /** Most bytes that may be on their way. */
  readonly bytes: number;
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
  /** Asked anew for each pull: a consumer's limits may be changed while it is read. */
  readonly limits: () => PullLimits;
  /** Resolves when all that the server had sent before has come; undefined without a connection. */
  readonly pong: () => (() => Promise<void>) | undefined;
  readonly stalled: PullerEvents['stalled'];
  readonly idle: PullerEvents['idle'];
  /** It is no message to handle. */
  readonly isMarker: (message: Msg) => boolean;
  /** A message came that nobody can settle. */
  readonly unplaced: (reply: string | undefined) => void;
}

/** Most messages that are on their way or wait here while nobody says how many are wanted. */
const pullAhead = 512;

/**
 * Brings a lane's messages from the server to delivery: as many as are wanted, or as long as it is not full. What
 * comes while none is wanted goes back.
 */
export class StreamFeed {
  private waiting: StreamMessage[] = [];
  private full = false;
  private leaving = false;
  private handingOver = false;
  private puller: Puller | undefined;
  /** The consumer is there and the connection is up. */
  private mayPull = false;
  /** What was on its way when it stopped pulling. */
  private draining: Promise<void> = Promise.resolve();

  constructor(
    readonly lane: StreamLane,
    private readonly sizes: MessageSizes,
    private readonly parts: FeedParts,
  ) {
    lane.demanded = () => {
      this.demanded();
    };
  }

  /** Begins to pull, or begins anew: what an earlier pull was to bring is not waited for. */
  pull(): void {
    this.mayPull = true;
    this.puller?.drop();
    this.puller = undefined;
    this.refill();
  }

  /** The connection is lost: nothing comes and nothing is waited for. */
  pause(): void {
    this.mayPull = false;
    this.puller?.drop();
    this.puller = undefined;
  }

  /** No further take: what comes from now on, and what waits here, goes back to the server. */
  async quiet(): Promise<void> {
    this.leaving = true;
    this.giveBackWaiting();
    await this.stopPulling();
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
  }

  private demanded(): void {
    if (!this.lane.isHeld) {
      this.refill();
      return;
    }
    this.giveBackWaiting();
    void this.stopPulling();
  }

  private giveBackWaiting(): void {
    for (const message of this.waiting.splice(0)) this.lane.settle(message, { againInMs: 0 });
  }

  /** The server gives to others what it has not sent yet. */
  private stopPulling(): Promise<void> {
    const { puller } = this;
    this.puller = undefined;
    if (puller === undefined) return this.draining;
    const pong = this.parts.pong();
    if (pong === undefined) puller.drop();
    else this.draining = Promise.all([this.draining, puller.drain(pong)]).then(() => undefined);
    return this.draining;
  }

  private newPuller(): Puller {
    const { nc, next, newInbox, clock, stalled, idle, limits } = this.parts;
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
    return new Puller(nc, next, newInbox(), clock, events, limits().expiresMs);
  }

  private arrive(message: Msg): void {
    const info = deliveryInfo(message.reply ?? '');
    if (info === undefined) this.parts.unplaced(message.reply);
    if (info === undefined || this.lane.lost.aborted) return;
    this.sizes.add(sizeOf(message));
    if (!this.lane.swallows(info)) {
      const accepted = new StreamMessage(message, info, this.parts.context);
      this.accept(accepted, this.parts.isMarker(message));
    }
    this.handOverSoon();
  }

  private accept(message: StreamMessage, isMarker: boolean): void {
    this.lane.add(message);
    if (isMarker) this.lane.settle(message, 'done');
    else if (this.leaving || this.lane.isHeld) this.lane.settle(message, { againInMs: 0 });
    else this.waiting.push(message);
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
      const batch = this.waiting.splice(0);
      this.lane.handedOver(batch.length);
      const room = this.parts.sink.take(this.lane, batch);
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
    const { wanted } = this.lane;
    if (this.full || this.leaving || !this.mayPull || wanted === 0) return;
    // Asked with nearly each message, and mostly more than half of it is on its way.
    if (this.puller !== undefined && this.puller.asked * 2 > wanted) return;
    this.puller ??= this.newPuller();
    const { batch, bytes } = this.parts.limits();
    const room = Math.min(pullAhead, wanted, this.sizes.countIn(bytes)) - this.waiting.length;
    // Two pulls: while one is brought, the other waits at the server, which says nothing until it is used up.
    const half = Math.ceil(bytes / 2);
    const most = { room, batch: Math.min(batch, this.sizes.countIn(half)), bytes: half };
    if (this.puller.refill(most)) this.puller.refill(most);
  }
}

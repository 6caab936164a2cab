import type { Clock } from '../../../async/index.js';
import type { Settlement, Sink } from '../../../driver/index.js';
import { sizeOf } from '../connection/message-parts.js';
import { type MessageSizes, Puller, type PullerEvents } from './puller.js';
import type { StreamLane } from './stream-lane.js';
import { HandleReader, StreamMessage, type StreamMessageContext } from './stream-message.js';
import type { ClientMessage, ClientConnection } from '../connection/client-port.js';

/** Limits of pulls. */
export interface PullLimits {
  /** Most messages that one pull may request. */
  readonly batch: number;
  /** Most bytes that may be in flight. */
  readonly bytes: number;
  /** Expiry of a pull; undefined for the default. */
  readonly expiresMs: number | undefined;
}

/** Collaborators of a {@link StreamFeed}. */
export interface FeedParts {
  readonly nc: ClientConnection;
  readonly clock: Clock;
  readonly sink: Sink;
  readonly context: StreamMessageContext;
  /** The subject to which pulls are published. */
  readonly next: string;
  readonly newInbox: () => string;
  /** Called for each pull: a consumer's limits may change while it is read. */
  readonly limits: () => PullLimits;
  /** Calls it at the end of this turn of the event loop, where settlements are written. */
  readonly atTurnEnd: (act: () => void) => void;
  /** Resolves when everything that the server had sent before has arrived; undefined without a connection. */
  readonly pong: () => (() => Promise<void>) | undefined;
  readonly stalled: PullerEvents['stalled'];
  readonly idle: PullerEvents['idle'];
  /** How a message of the server's own is settled, which is not handled; undefined for any other. */
  readonly passedOver: (message: ClientMessage) => Settlement | undefined;
  /** A message arrived whose reply subject does not allow settling it. */
  readonly unplaced: (reply: string | undefined) => void;
}

/** Most messages in flight or waiting here while delivery has not said how many it wants. */
const PULL_AHEAD = 512;

/**
 * Moves a lane's messages from the server to delivery: as many as are wanted, or as long as delivery is not full.
 * Messages that arrive while none is wanted are nacked.
 */
export class StreamFeed {
  private waiting: StreamMessage[] = [];
  private readonly handles = new HandleReader();
  private full = false;
  private leaving = false;
  private handingOver = false;
  private puller: Puller | undefined;
  /** Whether the consumer exists and the connection is up. */
  private mayPull = false;
  /** Resolves when messages in flight at the last stop of pulling have arrived. */
  private draining: Promise<void> = Promise.resolve();

  constructor(
    readonly lane: StreamLane,
    private readonly sizes: MessageSizes,
    private readonly parts: FeedParts,
  ) {
    lane.demanded = () => this.demanded();
  }

  /** Starts or restarts pulling; messages of an earlier pull are no longer awaited. */
  pull(): void {
    this.mayPull = true;
    this.puller?.drop();
    this.puller = undefined;
    this.refill();
  }

  /** The connection is lost: no message of the current pull will arrive. */
  pause(): void {
    this.mayPull = false;
    this.puller?.drop();
    this.puller = undefined;
  }

  /** Pulls nothing until {@link pull}; what is in flight is still delivered. */
  rest(): void {
    this.mayPull = false;
    void this.stopPulling();
  }

  /** Delivers nothing more: messages that wait here or still arrive are nacked. */
  async stopFetching(): Promise<void> {
    this.leaving = true;
    this.giveBackWaiting();
    await this.stopPulling();
  }

  /** The consumer was deleted. */
  lose(): void {
    this.end();
    this.lane.lose();
  }

  /** Nacks every unsettled message. */
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
    for (const message of this.waiting.splice(0)) this.lane.settle(message, { redeliverInMs: 0 });
  }

  /** From now on the server sends the consumer's messages to other replicas only. */
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
    const { nc, next, newInbox, clock, stalled, idle, limits, atTurnEnd } = this.parts;
    const events: PullerEvents = {
      message: (message) => this.arrive(message),
      stalled,
      idle: () => {
        this.refill();
        idle();
      },
    };
    return new Puller(nc, next, newInbox(), clock, events, atTurnEnd, limits().expiresMs);
  }

  private arrive(message: ClientMessage): void {
    const info = this.handles.read(message.reply ?? '');
    if (info === undefined) this.parts.unplaced(message.reply);
    if (info === undefined || this.lane.lost.aborted) return;
    this.sizes.add(sizeOf(message));
    if (!this.lane.swallows(info)) {
      const accepted = new StreamMessage(message, info, this.parts.context);
      this.accept(accepted, this.parts.passedOver(message));
    }
    this.handOverSoon();
  }

  private accept(message: StreamMessage, passedOver: Settlement | undefined): void {
    this.lane.add(message);
    if (passedOver !== undefined) this.lane.settle(message, passedOver);
    else if (this.leaving || this.lane.isHeld) this.lane.settle(message, { redeliverInMs: 0 });
    else this.waiting.push(message);
  }

  /** One batch for all messages of one socket read. */
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
    // This runs for almost every message; mostly, more than half of the wanted ones are in flight already.
    if (this.puller !== undefined && this.puller.asked * 2 > wanted) return;
    this.puller ??= this.newPuller();
    const { batch, bytes } = this.parts.limits();
    const room = Math.min(PULL_AHEAD, wanted, this.sizes.countIn(bytes)) - this.waiting.length;
    const half = Math.ceil(bytes / 2);
    this.puller.refill({ room, batch: Math.min(batch, this.sizes.countIn(half)), bytes: half });
  }
}

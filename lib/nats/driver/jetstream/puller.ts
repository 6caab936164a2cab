import { Backoff, type Clock } from '../../../async/index.js';
import { headersOf, subjectBytes } from '../connection/message-parts.js';
import type { ClientMessage, ClientConnection, ClientSubscription } from '../connection/client-port.js';

/** Callbacks of a {@link Puller}. */
export interface PullerEvents {
  message(message: ClientMessage): void;
  /** The pull ended in a way that calls for a check whether the consumer still exists. */
  stalled(why: string): void;
  /** A heartbeat: the server is alive and has no messages. */
  idle(): void;
}

/** How much a puller may request. */
export interface PullRoom {
  /** Messages, including those requested before. */
  readonly room: number;
  /** Most messages of one pull. */
  readonly batch: number;
  /** Most bytes of one pull. */
  readonly bytes: number;
}

/** "Message Size Exceeds MaxBytes": ends a pull whose next message does not fit its `max_bytes`. */
const TOO_LARGE = /exceeds maxbytes/i;

/** A pull expires after this time, and another one follows. */
const LONGEST_MS = 30_000;
/** Interval of the server's heartbeats while it has no messages. */
const USUAL_HEARTBEAT_MS = 5_000;

/**
 * Pulls from a consumer as many messages as there is room for. nats.js's `consume()` cannot be paused: it keeps pulling
 * as long as messages arrive.
 *
 * Each puller has an inbox of its own: after a reconnect the server may still answer earlier pulls.
 */
export class Puller {
  private readonly subscription: ClientSubscription;
  private readonly inbox: string;
  private readonly inboxBytes: number;
  /** Messages requested and not received. */
  asked = 0;
  /** Whether a message has arrived since the last pull was sent. */
  private came = true;
  /** The next message exceeds `max_bytes`: it is pulled alone, without that limit. */
  private tooLarge = false;
  private lastSeen: number;
  private readonly heartbeatMs: number;
  private stopWatch: () => void = () => undefined;
  private over = false;
  /** Pulls that leave at the end of this turn; undefined: none has left in it yet. */
  private late: string[] | undefined;

  constructor(
    private readonly nc: ClientConnection,
    private readonly subject: string,
    inbox: string,
    private readonly clock: Clock,
    private readonly events: PullerEvents,
    private readonly atTurnEnd: (act: () => void) => void,
    private readonly expiresMs = LONGEST_MS,
  ) {
    // The server refuses a pull that expires before its second heartbeat.
    this.heartbeatMs = Math.min(USUAL_HEARTBEAT_MS, expiresMs / 2);
    this.inbox = inbox;
    this.inboxBytes = Buffer.byteLength(inbox);
    this.lastSeen = clock.now();
    this.subscription = nc.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null) this.read(message);
        else this.end(error.message);
      },
    });
    this.watch();
  }

  /**
   * Tops up the requested messages to `room`, only if at least half of them are missing, so that pulls stay few. It is by
   * two pulls where `batch` is less: while one is filled the other waits at the server, which says nothing until it is
   * used up.
   *
   * The first of a turn leave at once, and the server works while handlers run. Later ones leave at its end, in one write
   * with the settlements of what was handled: a third of all writes were of pulls, and each wakes the server.
   */
  refill(room: PullRoom): void {
    const pulls = [this.next(room), this.next(room)].filter((pull) => pull !== undefined);
    if (pulls.length === 0) return;
    if (this.late !== undefined) {
      this.late.push(...pulls);
      return;
    }
    this.late = [];
    this.publish(pulls);
    this.atTurnEnd(() => {
      this.publish(this.late ?? []);
      this.late = undefined;
    });
  }

  private next({ room, batch, bytes }: PullRoom): string | undefined {
    const missing = room - this.asked;
    if (this.over || missing <= 0 || missing < room / 2 || (this.tooLarge && this.asked > 0)) return undefined;
    const count = this.tooLarge ? 1 : Math.min(missing, batch);
    this.asked += count;
    this.came = false;
    const request = { batch: count, expires: this.expiresMs * 1e6, idle_heartbeat: this.heartbeatMs * 1e6 };
    return JSON.stringify(this.tooLarge ? request : { ...request, max_bytes: bytes });
  }

  private publish(pulls: readonly string[]): void {
    if (this.over) return;
    for (const pull of pulls) this.nc.publish(this.subject, pull, { reply: this.inbox });
  }

  /** Stops pulling; resolves when everything that the server had sent has been passed on. */
  async drain(pong: () => Promise<void>): Promise<void> {
    this.stop();
    if (this.subscription.isClosed()) return;
    const drained = this.subscription.drain();
    await Promise.race([drained, pong()]).catch(() => undefined);
    this.drop();
  }

  /** Ignores messages still in flight. */
  drop(): void {
    this.stop();
    if (!this.subscription.isClosed()) this.subscription.unsubscribe();
  }

  private stop(): void {
    this.over = true;
    this.stopWatch();
  }

  private read(message: ClientMessage): void {
    this.lastSeen = this.clock.now();
    if (this.isStatus(message)) {
      this.status(message);
      return;
    }
    if (this.asked > 0) this.asked--;
    this.came = true;
    this.tooLarge = false;
    this.events.message(message);
  }

  /** Told by the length first: to decode the subject of each message costs more than the rest of this. */
  private isStatus(message: ClientMessage): boolean {
    const length = subjectBytes(message)?.length ?? this.inboxBytes;
    return length === this.inboxBytes && message.subject === this.inbox;
  }

  /** 100 is a heartbeat; 404, 408 and some 409 end a pull and say how much of it is left; others need a check. */
  private status(message: ClientMessage): void {
    const headers = headersOf(message);
    const code = headers?.code ?? 0;
    if (code === 100) {
      this.events.idle();
      return;
    }
    const left = headers?.get('Nats-Pending-Messages') ?? '';
    const description = headers?.description ?? '';
    if (left === '' || code === 400 || code === 503 || /deleted|shutdown|leadership/i.test(description)) {
      this.end(`${code} ${description}`.trim());
      return;
    }
    this.asked = Math.max(0, this.asked - Number(left));
    if (TOO_LARGE.test(description) && !this.came) this.tooLarge = true;
    this.events.idle();
  }

  private end(why: string): void {
    if (this.over) return;
    this.stop();
    this.events.stalled(why);
  }

  /** A pull lost in transit, or whose consumer vanished with its server, gets no answer at all. */
  private watch(): void {
    this.stopWatch = this.clock.after(USUAL_HEARTBEAT_MS, () => {
      const silentMs = this.clock.now() - this.lastSeen;
      if (this.asked > 0 && silentMs > 2 * USUAL_HEARTBEAT_MS)
        this.end(`no heartbeat for ${Math.round(silentMs / 1000)} s`);
      else if (!this.over) this.watch();
    });
  }
}

/** A pull that ends within this time, in milliseconds, may do so each time. */
const SOON_MS = 1_000;
const FIRST_MS = 100;
const MOST_MS = 10_000;

/** The pauses between pulls that the server refuses, for example because of a limit. One that ends early is no pattern. */
export class PullPace {
  private pulledAt = 0;
  /** The pull before ended early. */
  private endedEarly = false;
  private readonly backoff = new Backoff(FIRST_MS, MOST_MS);

  constructor(private readonly clock: Clock) {}

  pulled(): void {
    this.pulledAt = this.clock.now();
  }

  /** Delay before the next pull, in milliseconds; it grows with each pull that ended early. */
  pauseMs(): number {
    const { endedEarly } = this;
    this.endedEarly = this.clock.now() - this.pulledAt < SOON_MS;
    if (!this.endedEarly) this.backoff.reset();
    return this.endedEarly && endedEarly ? this.backoff.next() : 0;
  }
}

/** Most bytes that the server may have on their way to one connection, over all its durables. */
const MOST_PER_CONNECTION = 16_777_216;
const MOST_PER_DURABLE = 8_388_608;
const LEAST_PER_DURABLE = 262_144;

/**
 * How many bytes each durable of a connection may request. The server buffers what a connection has not read yet, and
 * closes a connection whose buffer exceeds `max_pending` (64 MB by default), which loses core messages and publishes in
 * progress. 600 messages of 500 kB, pulled by number alone, had their connection closed four times.
 */
export class PullBytes {
  private durables = 0;

  /** A durable starts reading; it calls the returned function once when it stops. */
  join(): () => void {
    this.durables++;
    return () => {
      this.durables--;
    };
  }

  /** Bytes for each durable. */
  get share(): number {
    const share = Math.floor(MOST_PER_CONNECTION / Math.max(1, this.durables));
    return Math.min(MOST_PER_DURABLE, Math.max(LEAST_PER_DURABLE, share));
  }
}

/** The average follows growing sizes within a few messages, shrinking ones within a few dozen. */
const UP = 4;
const DOWN = 32;

/** Moving average of the message sizes of a durable, from which the number and bytes of a pull are computed. */
export class MessageSizes {
  private average = 1;

  add(bytes: number): void {
    this.average += (bytes - this.average) / (bytes > this.average ? UP : DOWN);
  }

  /** How many messages of average size fit into these bytes, at least one. */
  countIn(bytes: number): number {
    return Math.max(1, Math.floor(bytes / this.average));
  }
}

/**
 * The most messages that may wait here for their handler: a quarter of `max_ack_pending`, which all replicas share, so
 * that a stuck replica leaves enough to the others. None with `max_deliver`: the server counts a delivery for a message
 * that was only fetched, and neither a nak nor the end of ack_wait takes that back.
 */
export function maxPrefetchOf(maxAckPending: number, maxDeliver: number): number {
  return maxDeliver > 0 ? 0 : Math.floor(maxAckPending / 4);
}

/**
 * The most messages that may wait here because one of their key is held: three quarters of `max_ack_pending`, as they
 * count in it and new ones have to come. None with `max_deliver`, which gives a message up by its deliveries: one that
 * fails here again and again would never be given up.
 */
export function maxHeldOf(maxAckPending: number, maxDeliver: number): number {
  return maxDeliver > 0 ? 0 : Math.ceil(maxAckPending * 0.75);
}

import type { Msg, NatsConnection, Subscription } from 'nats';

import type { Clock } from '../../driver/index.js';
import { headersOf } from './message-parts.js';

/** Told by a puller. */
export interface PullerEvents {
  message(message: Msg): void;
  /** The pull is over and the consumer may be gone: somebody should look. */
  stalled(why: string): void;
  /** A heartbeat: the server is there and has nothing. */
  idle(): void;
}

/** How much a puller may ask for. */
export interface PullRoom {
  /** Messages, those included that were asked for before. */
  readonly room: number;
  /** Most messages of one pull. */
  readonly batch: number;
  /** Most bytes of one pull. */
  readonly bytes: number;
}

/** "Message Size Exceeds MaxBytes": told of the first message that a pull may not bring any more; it ends with it. */
const TOO_LARGE = /exceeds maxbytes/i;

/** A pull ends by itself after this time, and another one follows. */
const longestMs = 30_000;
/** How often the server says that it is there while it has nothing. */
const usualHeartbeatMs = 5_000;

/**
 * Asks a consumer for as many messages as there is room for. nats.js's `consume()` cannot be paused: it goes on
 * asking as long as messages come.
 *
 * One inbox each: after a reconnect the server may still know the pulls of before, and would answer those too.
 */
export class Puller {
  private readonly subscription: Subscription;
  private readonly inbox: string;
  /** Asked for and not come. */
  asked = 0;
  /** Something has come since the last pull was written. */
  private came = true;
  /** The next message is larger than a pull may bring: it is asked for alone, whatever its size. */
  private tooLarge = false;
  private lastSeen: number;
  private readonly heartbeatMs: number;
  private stopWatch: () => void = () => undefined;
  private over = false;

  constructor(
    private readonly nc: NatsConnection,
    private readonly subject: string,
    inbox: string,
    private readonly clock: Clock,
    private readonly events: PullerEvents,
    private readonly expiresMs = longestMs,
  ) {
    // The server refuses a pull that ends before its second heartbeat.
    this.heartbeatMs = Math.min(usualHeartbeatMs, expiresMs / 2);
    this.inbox = inbox;
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
   * Tops up what was asked for to `room`, by one pull; only when at least half of it is missing, so that pulls stay few.
   * Returns whether it has asked.
   */
  refill({ room, batch, bytes }: PullRoom): boolean {
    const missing = room - this.asked;
    if (this.over || missing <= 0 || missing < room / 2 || (this.tooLarge && this.asked > 0)) return false;
    const count = this.tooLarge ? 1 : Math.min(missing, batch);
    this.asked += count;
    this.came = false;
    const request = { batch: count, expires: this.expiresMs * 1e6, idle_heartbeat: this.heartbeatMs * 1e6 };
    const body = this.tooLarge ? request : { ...request, max_bytes: bytes };
    this.nc.publish(this.subject, JSON.stringify(body), { reply: this.inbox });
    return true;
  }

  /** Resolves when everything that the server had sent has been told. */
  async drain(pong: () => Promise<void>): Promise<void> {
    this.stop();
    if (this.subscription.isClosed()) return;
    const drained = this.subscription.drain();
    await Promise.race([drained, pong()]).catch(() => undefined);
    this.drop();
  }

  /** Forgets what may still come. */
  drop(): void {
    this.stop();
    if (!this.subscription.isClosed()) this.subscription.unsubscribe();
  }

  private stop(): void {
    this.over = true;
    this.stopWatch();
  }

  private read(message: Msg): void {
    this.lastSeen = this.clock.now();
    if (message.subject === this.inbox) {
      this.status(message);
      return;
    }
    if (this.asked > 0) this.asked--;
    this.came = true;
    this.tooLarge = false;
    this.events.message(message);
  }

  /** 100 heartbeat; 404, 408 and some 409 end a pull and tell what it did not get; the others want a look. */
  private status(message: Msg): void {
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

  /** A pull that was lost on its way, or whose consumer vanished with its server, is answered by silence. */
  private watch(): void {
    this.stopWatch = this.clock.after(usualHeartbeatMs, () => {
      const silentMs = this.clock.now() - this.lastSeen;
      if (this.asked > 0 && silentMs > 2 * usualHeartbeatMs)
        this.end(`no heartbeat for ${Math.round(silentMs / 1000)} s`);
      else if (!this.over) this.watch();
    });
  }
}

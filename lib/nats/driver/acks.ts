import type { Clock } from '../../driver/index.js';
import type { Connection } from './connection.js';
import { oncePerTurn } from './turn.js';

/** One settlement on its way. */
interface Ack {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** The server has read it: no copy of the message comes any more. */
  readonly known: () => void;
}

/** A settlement that no PONG followed within this time gets one of its own; it only says when copies cannot come. */
const confirmAfterMs = 100;
/** `flush` never takes longer. */
const flushMs = 2_000;

/**
 * Settlements of all JetStream lanes. They leave once a turn, for nats.js makes a socket write of each that is
 * published by itself; they are kept until a PONG, and written again after a reconnect: nats.js drops what was
 * published while it was not connected, and the message would be handled twice.
 */
export class Acks {
  private waiting: Ack[] = [];
  private sent: Ack[] = [];
  /** How many were confirmed before the first of `sent`. */
  private confirmed = 0;
  private confirming = false;
  private readonly writeSoon = oncePerTurn(() => {
    this.write();
  });

  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {
    connection.listen({
      down: () => {
        this.waiting = [...this.sent, ...this.waiting];
        this.sent = [];
      },
      up: () => {
        this.write();
      },
    });
  }

  send(subject: string, payload: Uint8Array, known: () => void): void {
    this.waiting.push({ subject, payload, known });
    this.writeSoon();
  }

  /** For what is worth nothing once the connection is lost. */
  hint(subject: string, payload: Uint8Array): void {
    if (this.connection.up) this.connection.nc.publish(subject, payload);
  }

  /** Resolves when the server has read all settlements so far, or when that takes too long. */
  async flush(): Promise<void> {
    this.write();
    if (this.sent.length > 0) await this.confirm(flushMs);
  }

  private write(): void {
    if (!this.connection.up || this.waiting.length === 0) return;
    const acks = this.waiting;
    this.waiting = [];
    for (const { subject, payload } of acks) this.connection.nc.publish(subject, payload);
    for (const ack of acks) this.sent.push(ack);
    this.confirmSoon();
  }

  private confirmSoon(): void {
    if (this.confirming) return;
    this.confirming = true;
    this.clock.after(confirmAfterMs, () => {
      this.confirming = false;
      if (this.sent.length > 0) void this.confirm(flushMs);
    });
  }

  private async confirm(withinMs: number): Promise<void> {
    if (!this.connection.up) return;
    const upTo = this.confirmed + this.sent.length;
    const { epoch } = this.connection;
    try {
      await this.connection.pong(withinMs);
    } catch {
      // Lost: `down` has put them back. Too slow: the next confirmation covers them.
      if (this.connection.epoch === epoch && this.sent.length > 0) this.confirmSoon();
      return;
    }
    if (this.connection.epoch === epoch) this.settle(upTo);
  }

  /** Confirmations overlap: an earlier one may have taken some of them. */
  private settle(upTo: number): void {
    const known = this.sent.splice(0, Math.max(0, upTo - this.confirmed));
    this.confirmed += known.length;
    for (const ack of known) ack.known();
  }
}

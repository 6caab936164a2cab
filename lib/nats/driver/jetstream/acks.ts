import { type Clock, oncePerTurn } from '../../../async/index.js';
import type { RawWire } from '../connection/client-port.js';
import type { Connection } from '../connection/connection.js';

/** One settlement (ack, nak or term) that the server may not have read yet. */
export interface Ack {
  readonly subject: string;
  /** ASCII. */
  readonly payload: string;
  /** Called when the server has read it: it sends no further copy of the message. */
  known(): void;
}

/** After this time without a PONG a PING is sent for the settlements; it only determines when copies are ruled out. */
const CONFIRM_AFTER_MS = 100;
/** Or once so many wait for it: more outlive a collection of the young generation, which copies them. */
const CONFIRM_AT = 2_000;
/** Upper bound of `flush`. */
const FLUSH_MS = 2_000;

/**
 * Settlements of all JetStream lanes. They are sent once per turn, for nats.js makes a socket write for each one that is
 * published alone. They are kept until a PONG and resent after a reconnect: nats.js drops what was published while it
 * was disconnected, and the message would be handled twice.
 */
export class Acks {
  private waiting: Ack[] = [];
  private sent: Ack[] = [];
  /** What is published beside them at the end of this turn. */
  private beside: (() => void)[] = [];
  /** Number of settlements confirmed before the first of `sent`. */
  private confirmed = 0;
  private confirming = false;
  /** How many settlements the last PING covers that was sent because they were many. */
  private covered = 0;
  private readonly writeSoon = oncePerTurn(() => this.write());

  /** @param wire undefined if the client writes each settlement itself */
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
    private readonly wire?: RawWire,
  ) {
    connection.listen({
      down: () => {
        this.waiting = [...this.sent, ...this.waiting];
        this.sent = [];
        this.beside = [];
      },
      up: () => this.write(),
    });
  }

  send(ack: Ack): void {
    this.waiting.push(ack);
    this.writeSoon();
  }

  /** Calls `publish` at the end of this turn, if there is a connection: what it writes leaves in one write with the settlements. */
  withNext(publish: () => void): void {
    this.beside.push(publish);
    this.writeSoon();
  }

  /** Sends what is of no use after the connection is lost, such as +WPI. */
  hint(subject: string, payload: string): void {
    if (this.connection.up) this.connection.nc.publish(subject, payload);
  }

  /** Resolves when the server has read all settlements so far, or after a timeout. */
  async flush(): Promise<void> {
    this.write();
    if (this.sent.length > 0) await this.confirm(FLUSH_MS);
  }

  private write(): void {
    if (!this.connection.up) return;
    for (const publish of this.beside.splice(0)) publish();
    if (this.waiting.length === 0) return;
    const acks = this.waiting;
    this.waiting = [];
    this.writeAll(acks);
    if (this.sent.length === 0) this.sent = acks;
    else for (const ack of acks) this.sent.push(ack);
    this.confirmMany();
    this.confirmSoon();
  }

  /** As one text, which is encoded at once: nats.js encodes each into three buffers, and copies them together. */
  private writeAll(acks: readonly Ack[]): void {
    const { wire, connection } = this;
    if (wire === undefined) {
      for (const { subject, payload } of acks) connection.nc.publish(subject, payload);
      return;
    }
    let lines = '';
    for (const { subject, payload } of acks) lines += `PUB ${subject} ${payload.length}\r\n${payload}\r\n`;
    wire.send(Buffer.from(lines), acks.length);
  }

  private confirmMany(): void {
    const upTo = this.confirmed + this.sent.length;
    if (upTo - Math.max(this.covered, this.confirmed) < CONFIRM_AT) return;
    this.covered = upTo;
    void this.confirm(FLUSH_MS);
  }

  private confirmSoon(): void {
    if (this.confirming) return;
    this.confirming = true;
    this.clock.after(CONFIRM_AFTER_MS, () => {
      this.confirming = false;
      if (this.sent.length > 0) void this.confirm(FLUSH_MS);
    });
  }

  private async confirm(withinMs: number): Promise<void> {
    if (!this.connection.up) return;
    const upTo = this.confirmed + this.sent.length;
    const { epoch } = this.connection;
    try {
      await this.connection.pong(withinMs);
    } catch {
      // Connection lost: `down` has requeued them. Timeout: the next confirmation covers them.
      if (this.connection.epoch === epoch && this.sent.length > 0) this.confirmSoon();
      return;
    }
    if (this.connection.epoch === epoch) this.settle(upTo);
  }

  /** Confirmations overlap: an earlier one may have covered some of them. */
  private settle(upTo: number): void {
    const known = this.sent.splice(0, Math.max(0, upTo - this.confirmed));
    this.confirmed += known.length;
    for (const ack of known) ack.known();
  }
}

import { type Clock, oncePerTurn } from '../../../async/index.js';
import type { RawWire } from '../connection/client-port.js';
import type { Connection } from '../connection/connection.js';
import { WireBuffer } from '../connection/wire-writer.js';

/** One settlement (ack, nak or term) that the server may not have read yet. */
export interface Ack {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Called when the server has read it: it sends no further copy of the message. */
  known(): void;
}

/** After this time without a PONG a PING is sent for the settlements; it only determines when copies are ruled out. */
const CONFIRM_AFTER_MS = 100;
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
  /** Number of settlements confirmed before the first of `sent`. */
  private confirmed = 0;
  private confirming = false;
  private readonly writeSoon = oncePerTurn(() => this.write());
  /** For all settlements of a turn: nats.js encodes each into three buffers, and copies them together. */
  private readonly buffer: WireBuffer | undefined;

  /** @param wire undefined if the client writes each settlement itself */
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
    wire?: RawWire,
  ) {
    this.buffer = wire && new WireBuffer(wire);
    connection.listen({
      down: () => {
        this.waiting = [...this.sent, ...this.waiting];
        this.sent = [];
      },
      up: () => this.write(),
    });
  }

  send(ack: Ack): void {
    this.waiting.push(ack);
    this.writeSoon();
  }

  /** Sends what is of no use after the connection is lost, such as +WPI. */
  hint(subject: string, payload: Uint8Array): void {
    if (this.connection.up) this.connection.nc.publish(subject, payload);
  }

  /** Resolves when the server has read all settlements so far, or after a timeout. */
  async flush(): Promise<void> {
    this.write();
    if (this.sent.length > 0) await this.confirm(FLUSH_MS);
  }

  private write(): void {
    if (!this.connection.up || this.waiting.length === 0) return;
    const acks = this.waiting;
    this.waiting = [];
    this.writeAll(acks);
    if (this.sent.length === 0) this.sent = acks;
    else for (const ack of acks) this.sent.push(ack);
    this.confirmSoon();
  }

  private writeAll(acks: readonly Ack[]): void {
    const { buffer, connection } = this;
    if (buffer === undefined) {
      for (const { subject, payload } of acks) connection.nc.publish(subject, payload);
      return;
    }
    for (const { subject, payload } of acks) buffer.add(subject, undefined, '', payload);
    buffer.send();
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

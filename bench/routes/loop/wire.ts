import type { NatsConnection } from 'nats';

/** What nats.js does with bytes that are on their way; no part of what it declares. */
interface Internals {
  readonly protocol: { outBytes: number; outMsgs: number; sendCommand(bytes: Uint8Array): void };
}

/** Puts the frames of a chunk into one Buffer, which goes past nats.js's own encoder: the least that a loop can do. */
export class Wire {
  private bytes = Buffer.allocUnsafeSlow(1 << 19);
  private length = 0;
  private frames = 0;

  constructor(private readonly connection: NatsConnection) {}

  add(head: string, body: Buffer): void {
    const needed = this.length + head.length + body.length + 2;
    if (needed > this.bytes.length) this.grow(needed);
    this.length += this.bytes.write(head, this.length, 'latin1');
    this.bytes.set(body, this.length);
    this.length += body.length;
    this.bytes[this.length++] = 13;
    this.bytes[this.length++] = 10;
    this.frames++;
  }

  send(): void {
    const { protocol } = this.connection as unknown as Internals;
    protocol.outBytes += this.length;
    protocol.outMsgs += this.frames;
    protocol.sendCommand(this.bytes.subarray(0, this.length));
    this.bytes = Buffer.allocUnsafeSlow(Math.max(1 << 16, this.length + 4_096));
    this.length = 0;
    this.frames = 0;
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, needed));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

import { JsonMessage, type Outgoing, PlainMessage } from '../../../driver/index.js';
import type { JetStreamApi } from './jetstream-api.js';

/** A stream with less room than this counts as full: messages are published one at a time. */
const LEAST_ROOM = 32;
/** Number of single publishes before the stream's room is requested once more. */
const SINGLES = 64;
/** Allowance per message for its subject, our own headers and the server's bookkeeping, in bytes. */
const OVERHEAD_BYTES = 512;
/** About what the headers of a result of plain JSON take, besides the correlation id. */
const PLAIN_HEADERS_BYTES = 128;
/** At this pace the stream no longer needs care. */
const WHOLE_BATCH = 2_048;

/**
 * How many messages may be written to a stream before the first of them is confirmed. While a stream refuses messages
 * (it is full, or has no leader), it may accept a later one after it refused an earlier one, which breaks their order.
 */
export interface PublishPace {
  /** How many messages of the batch to write next, from this index on; at least one. */
  next(batch: readonly Outgoing[], from: number): Promise<number> | number;
  /** Reports the outcome: the number written, and whether one was refused. Returns whether the pace is still needed. */
  result(count: number, refused: boolean): boolean;
}

/** After a retryable refusal: one message, then two, then four … */
export class CarefulPace implements PublishPace {
  private most = 1;

  next(batch: readonly Outgoing[], from: number): number {
    return Math.min(this.most, batch.length - from);
  }

  result(_count: number, refused: boolean): boolean {
    this.most = refused ? 1 : this.most * 2;
    return this.most < WHOLE_BATCH;
  }
}

/** For a stream that refuses messages when it is full: half of its free room, for others may publish there too. */
export class RoomPace implements PublishPace {
  private messages = 0;
  private bytes = 0;
  private singly = 0;

  constructor(
    private readonly stream: string,
    private readonly api: JetStreamApi,
  ) {}

  async next(batch: readonly Outgoing[], from: number): Promise<number> {
    if (this.singly === 0 && this.fits(batch, from) === 0) await this.ask();
    const count = this.fits(batch, from);
    if (this.singly > 0 || count === 0) {
      this.singly = Math.max(0, this.singly - 1);
      return 1;
    }
    this.messages -= count;
    for (let index = from; index < from + count; index++) this.bytes -= this.sizeOf(batch[index] as Outgoing);
    return count;
  }

  result(_count: number, refused: boolean): boolean {
    if (refused) this.isFull();
    return true;
  }

  private isFull(): void {
    this.messages = this.bytes = 0;
    this.singly = SINGLES;
  }

  private fits(batch: readonly Outgoing[], from: number): number {
    let left = this.bytes;
    let count = 0;
    while (from + count < batch.length && count < this.messages) {
      left -= this.sizeOf(batch[from + count] as Outgoing);
      if (left < 0) break;
      count++;
    }
    return count;
  }

  private async ask(): Promise<void> {
    try {
      const { config, state } = await (await this.api.manager()).streams.info(this.stream);
      const { max_msgs: messages, max_bytes: bytes, discard_new_per_subject: perSubject } = config;
      const room = messages > 0 ? messages - state.messages : Infinity;
      this.messages = perSubject ? 0 : Math.floor(room / 2);
      this.bytes = bytes > 0 ? Math.floor((bytes - state.bytes) / 2) : Infinity;
      if (this.messages < LEAST_ROOM) this.isFull();
    } catch {
      this.isFull();
    }
  }

  private sizeOf(message: Outgoing): number {
    // Its bytes and headers would be made, and kept until it is confirmed.
    if (message instanceof PlainMessage) return plainSizeOf(message);
    const { body, headers, key } = message;
    let size = OVERHEAD_BYTES + (body?.length ?? 0) + (key?.length ?? 0) * 3;
    for (const name in headers) size += name.length + (headers[name]?.length ?? 0) * 3 + 4;
    return size;
  }
}

function plainSizeOf(message: PlainMessage): number {
  const { correlationId } = message;
  const bytes = message instanceof JsonMessage ? Buffer.byteLength(message.text) : message.body.length;
  return OVERHEAD_BYTES + PLAIN_HEADERS_BYTES + bytes + correlationId.length * 3;
}

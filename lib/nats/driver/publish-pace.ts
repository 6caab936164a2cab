import type { Outgoing } from '../../driver/index.js';
import type { JetStreamApi } from './jetstream-api.js';

/** With less room than that a stream is taken for full: one message at a time. */
const leastRoom = 32;
/** So many are written one at a time before the stream is asked for its room again. */
const singles = 64;
/** What the server counts for a message beside headers and body, its subject and our own headers, in bytes. */
const overheadBytes = 512;
/** From here on a stream that refused a message is written to as if it had not. */
const wholeBatch = 2_048;

/**
 * How many messages may be written to a stream before the first of them is confirmed. While a stream refuses (it is
 * full, or has no leader) a later message may be taken after an earlier one was not, and their order would be lost.
 */
export interface PublishPace {
  /** How many of the batch from this place on; one at least. */
  next(batch: readonly Outgoing[], from: number): Promise<number> | number;
  /** So many were taken, or one of them is to be tried again. Returns whether the pace is needed any longer. */
  told(count: number, refused: boolean): boolean;
}

/** After a refusal that may pass: one, then two, then four … */
export class CarefulPace implements PublishPace {
  private most = 1;

  next(batch: readonly Outgoing[], from: number): number {
    return Math.min(this.most, batch.length - from);
  }

  told(_count: number, refused: boolean): boolean {
    this.most = refused ? 1 : this.most * 2;
    return this.most < wholeBatch;
  }
}

/** To a stream that refuses what does not fit: as many as half of its room takes, for others may publish there too. */
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

  told(_count: number, refused: boolean): boolean {
    if (refused) this.isFull();
    return true;
  }

  private isFull(): void {
    this.messages = this.bytes = 0;
    this.singly = singles;
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
      if (this.messages < leastRoom) this.isFull();
    } catch {
      this.isFull();
    }
  }

  private sizeOf({ body, headers, key }: Outgoing): number {
    let size = overheadBytes + (body?.length ?? 0) + (key?.length ?? 0) * 3;
    for (const name in headers) size += name.length + (headers[name]?.length ?? 0) * 3 + 4;
    return size;
  }
}

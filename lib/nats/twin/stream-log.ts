import type { Clock } from '../../async/index.js';
import { bytesOf, RecordLog, type Stored, TWIN_RETENTION } from '../../twin/index.js';
import type { StreamConfig } from '../driver/connection/jetstream-port.js';

/**
 * A real stream without limits keeps everything, up to the size of its disk. A twin keeps this much of what every
 * consumer has settled, so that a long run does not fill the memory. Unsettled messages are kept up to the bound of all
 * twins; beyond it publishes are refused, as by a server whose disk is full: dropping messages would be a loss that no
 * server has.
 */
const SETTLED = { messages: 10_000, bytes: TWIN_RETENTION.bytes };

/** How far a consumer of the stream has got. */
export interface ConsumerFloor {
  /** The first sequence that it has not settled. */
  readonly floor: number;
  readonly durable: string;
}

/** The messages of a stream, within its limits: the oldest are dropped, or new ones refused. */
export class StreamLog {
  private readonly log = new RecordLog<Stored>(1, bytesOf);
  private readonly maxMessages: number;
  private readonly maxBytes: number;
  private readonly maxAgeMs: number;
  private readonly refusesNew: boolean;
  private readonly isUnlimited: boolean;
  private needed = 1;

  /** @param furthestBehind the consumer with the lowest floor */
  constructor(
    { max_msgs: messages = -1, max_bytes: bytes = -1, max_age: age = 0, discard }: Partial<StreamConfig>,
    private readonly clock: Clock,
    private readonly furthestBehind: () => ConsumerFloor | undefined,
  ) {
    this.maxMessages = messages > 0 ? messages : Infinity;
    this.maxBytes = bytes > 0 ? bytes : Infinity;
    this.maxAgeMs = age > 0 ? age / 1e6 : Infinity;
    this.isUnlimited = this.maxMessages === Infinity && this.maxBytes === Infinity;
    this.refusesNew = discard === 'new';
  }

  get size(): number {
    this.dropOld();
    return this.log.size;
  }

  /** The sequence of the oldest message; of the next one, if there is none. */
  get first(): number {
    this.dropOld();
    return this.log.first;
  }

  /** The sequence of the next message. */
  get end(): number {
    return this.log.end;
  }

  /** Why the stream has no room for the message, in the server's words; undefined if it has. */
  refusal(message: Stored): string | undefined {
    if (this.isUnlimited) return this.overflow(message);
    if (!this.refusesNew) return undefined;
    this.dropOld();
    if (this.log.size >= this.maxMessages) return 'maximum messages exceeded';
    return this.log.bytes + bytesOf(message) > this.maxBytes ? 'maximum bytes exceeded' : undefined;
  }

  append(message: Stored): number {
    const seq = this.log.append(message);
    this.dropOld();
    this.log.retain({ messages: this.maxMessages, bytes: this.maxBytes });
    if (this.isUnlimited) this.dropSettled();
    return seq;
  }

  at(seq: number): Stored | undefined {
    this.dropOld();
    return this.log.at(seq);
  }

  remove(seq: number): void {
    this.log.remove(seq);
  }

  private dropOld(): void {
    if (this.maxAgeMs === Infinity) return;
    const oldest = this.clock.now() - this.maxAgeMs;
    while ((this.log.at(this.log.first)?.timestamp ?? Infinity) <= oldest) this.log.remove(this.log.first);
  }

  private overflow(message: Stored): string | undefined {
    if (this.fits(message)) return undefined;
    this.dropOld();
    this.dropSettled(bytesOf(message));
    if (this.fits(message)) return undefined;
    const { messages, bytes } = TWIN_RETENTION;
    const most = `${messages} messages or ${bytes} bytes`;
    const durable = this.furthestBehind()?.durable ?? '';
    return `a twin keeps at most ${most}, and durable '${durable}' has not settled the oldest yet: give the stream maxMessages, or read it`;
  }

  private fits(message: Stored): boolean {
    const { messages, bytes } = TWIN_RETENTION;
    return this.log.size < messages && this.log.bytes + bytesOf(message) <= bytes;
  }

  /** The consumers are consulted only once everything below their last known floor is dropped. */
  private dropSettled(room = 0): void {
    while (this.log.size > SETTLED.messages || this.log.bytes + room > SETTLED.bytes) {
      if (this.log.first >= this.needed) this.needed = this.furthestBehind()?.floor ?? this.log.end;
      if (this.log.first >= this.needed) return;
      this.log.remove(this.log.first);
    }
  }
}

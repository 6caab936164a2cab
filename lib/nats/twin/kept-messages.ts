import type { StreamConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import { bytesOf, Log, type Stored, TWIN_RETENTION } from '../../twin/index.js';

/**
 * A server's stream without limits keeps all, as far as its disk goes. A twin without limits keeps this much of what
 * every consumer has settled, so that a long run does not fill the memory. What some consumer has yet to settle is
 * kept up to the bound of all twins; beyond it the new is refused, as by a server whose disk is full: dropped
 * messages would be losses that no server has.
 */
const SETTLED = { messages: 10_000, bytes: TWIN_RETENTION.bytes };

/** Who has yet to settle what a stream keeps. */
export interface Needing {
  /** The first message that it has not settled. */
  readonly floor: number;
  readonly durable: string;
}

/** What a stream keeps: no more than its limits say; the oldest go first, or the new is refused. */
export class KeptMessages {
  readonly #log = new Log<Stored>(1, bytesOf);
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  readonly #refusesNew: boolean;
  readonly #isUnlimited: boolean;
  #needed = 1;

  /** `furthestBehind`: of the consumers, the one that has settled least. */
  constructor(
    { max_msgs: messages = -1, max_bytes: bytes = -1, max_age: age = 0, discard }: Partial<StreamConfig>,
    private readonly clock: Clock,
    private readonly furthestBehind: () => Needing | undefined,
  ) {
    this.#maxMessages = messages > 0 ? messages : Infinity;
    this.#maxBytes = bytes > 0 ? bytes : Infinity;
    this.#maxAgeMs = age > 0 ? age / 1e6 : Infinity;
    this.#isUnlimited = this.#maxMessages === Infinity && this.#maxBytes === Infinity;
    this.#refusesNew = (discard as string | undefined) === 'new';
  }

  get size(): number {
    this.#dropOld();
    return this.#log.size;
  }

  /** The sequence of the oldest that is kept; where none is, the next one's. */
  get first(): number {
    this.#dropOld();
    return this.#log.first;
  }

  /** The sequence that the next message will have. */
  get end(): number {
    return this.#log.end;
  }

  /** Why a stream has no room for the message: as the server says it, of one that discards the new. */
  refusal(message: Stored): string | undefined {
    if (this.#isUnlimited) return this.#overflow(message);
    if (!this.#refusesNew) return undefined;
    this.#dropOld();
    if (this.#log.size >= this.#maxMessages) return 'maximum messages exceeded';
    return this.#log.bytes + bytesOf(message) > this.#maxBytes ? 'maximum bytes exceeded' : undefined;
  }

  append(message: Stored): number {
    const seq = this.#log.append(message);
    this.#dropOld();
    this.#log.retain({ messages: this.#maxMessages, bytes: this.#maxBytes });
    if (this.#isUnlimited) this.#dropSettled();
    return seq;
  }

  at(seq: number): Stored | undefined {
    this.#dropOld();
    return this.#log.at(seq);
  }

  remove(seq: number): void {
    this.#log.remove(seq);
  }

  #dropOld(): void {
    if (this.#maxAgeMs === Infinity) return;
    const oldest = this.clock.now() - this.#maxAgeMs;
    while ((this.#log.at(this.#log.first)?.timestamp ?? Infinity) <= oldest) this.#log.remove(this.#log.first);
  }

  #overflow(message: Stored): string | undefined {
    if (this.#fits(message)) return undefined;
    this.#dropOld();
    this.#dropSettled(bytesOf(message));
    if (this.#fits(message)) return undefined;
    const { messages, bytes } = TWIN_RETENTION;
    const most = `${messages} messages or ${bytes} bytes`;
    const durable = this.furthestBehind()?.durable ?? '';
    return `a twin keeps no more than ${most}, and durable '${durable}' has yet to settle the oldest; give the stream maxMessages, or read it`;
  }

  #fits(message: Stored): boolean {
    const { messages, bytes } = TWIN_RETENTION;
    return this.#log.size < messages && this.#log.bytes + bytesOf(message) <= bytes;
  }

  /** Consumers are asked only when the last answer is used up. */
  #dropSettled(room = 0): void {
    while (this.#log.size > SETTLED.messages || this.#log.bytes + room > SETTLED.bytes) {
      if (this.#log.first >= this.#needed) this.#needed = this.furthestBehind()?.floor ?? this.#log.end;
      if (this.#log.first >= this.#needed) return;
      this.#log.remove(this.#log.first);
    }
  }
}

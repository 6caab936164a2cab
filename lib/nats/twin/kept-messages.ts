import type { StreamConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import { bytesOf, Log, type Stored } from '../../twin/index.js';

/**
 * A server's stream without limits keeps all; a twin without limits keeps this many of those that every consumer has
 * settled, so that a long run does not fill the memory.
 */
const KEPT_WITHOUT_LIMIT = 10_000;

/** What a stream keeps: no more than its limits say; the oldest go first, or the new is refused. */
export class KeptMessages {
  readonly #log = new Log<Stored>(1, bytesOf);
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  readonly #refusesNew: boolean;
  #needed = 1;

  /** `neededFrom`: the first that some consumer has not settled. */
  constructor(
    { max_msgs: messages = -1, max_bytes: bytes = -1, max_age: age = 0, discard }: Partial<StreamConfig>,
    private readonly clock: Clock,
    private readonly neededFrom: () => number,
  ) {
    this.#maxMessages = messages > 0 ? messages : Infinity;
    this.#maxBytes = bytes > 0 ? bytes : Infinity;
    this.#maxAgeMs = age > 0 ? age / 1e6 : Infinity;
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

  /** Why a stream that discards the new has no room for the message, as the server says it. */
  refusal(message: Stored): string | undefined {
    if (!this.#refusesNew) return undefined;
    this.#dropOld();
    if (this.#log.size >= this.#maxMessages) return 'maximum messages exceeded';
    return this.#log.bytes + bytesOf(message) > this.#maxBytes ? 'maximum bytes exceeded' : undefined;
  }

  append(message: Stored): number {
    const seq = this.#log.append(message);
    this.#dropOld();
    this.#log.retain({ messages: this.#maxMessages, bytes: this.#maxBytes });
    if (this.#maxMessages === Infinity && this.#maxBytes === Infinity) this.#dropSettled();
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

  /** Consumers are asked only when the last answer is used up. */
  #dropSettled(): void {
    if (this.#log.size <= KEPT_WITHOUT_LIMIT) return;
    if (this.#log.first >= this.#needed) this.#needed = this.neededFrom();
    while (this.#log.size > KEPT_WITHOUT_LIMIT && this.#log.first < this.#needed) this.#log.remove(this.#log.first);
  }
}

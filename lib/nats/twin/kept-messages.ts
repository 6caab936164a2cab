import type { StreamConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import type { Stored } from '../../twin/index.js';

/**
 * A server's stream without limits keeps all; a twin without limits keeps this many of those that every consumer has
 * settled, so that a long run does not fill the memory.
 */
const KEPT_WITHOUT_LIMIT = 10_000;

/** What a stream keeps: no more than its limits say, the oldest go first. */
export class KeptMessages {
  readonly #entries = new Map<number, Stored>();
  readonly #maxMessages: number;
  readonly #maxAgeMs: number;
  #first = 1;
  #end = 1;
  #needed = 1;

  /** `neededFrom`: the first that some consumer has not settled. */
  constructor(
    { max_msgs: messages = -1, max_age: age = 0 }: Partial<StreamConfig>,
    private readonly clock: Clock,
    private readonly neededFrom: () => number,
  ) {
    this.#maxMessages = messages > 0 ? messages : Infinity;
    this.#maxAgeMs = age > 0 ? age / 1e6 : Infinity;
  }

  get size(): number {
    this.#dropOld();
    return this.#entries.size;
  }

  /** The sequence of the oldest that is kept; where none is, the next one's. */
  get first(): number {
    this.#dropOld();
    return this.#first;
  }

  /** The sequence that the next message will have. */
  get end(): number {
    return this.#end;
  }

  append(message: Stored): number {
    const seq = this.#end++;
    this.#entries.set(seq, message);
    this.#dropOld();
    while (this.#entries.size > this.#maxMessages) this.#dropFirst();
    if (this.#maxMessages === Infinity) this.#dropSettled();
    return seq;
  }

  at(seq: number): Stored | undefined {
    this.#dropOld();
    return this.#entries.get(seq);
  }

  #dropOld(): void {
    if (this.#maxAgeMs === Infinity) return;
    const oldest = this.clock.now() - this.#maxAgeMs;
    while ((this.#entries.get(this.#first)?.timestamp ?? Infinity) <= oldest) this.#dropFirst();
  }

  /** Consumers are asked only when the last answer is used up. */
  #dropSettled(): void {
    if (this.#entries.size <= KEPT_WITHOUT_LIMIT) return;
    if (this.#first >= this.#needed) this.#needed = this.neededFrom();
    while (this.#entries.size > KEPT_WITHOUT_LIMIT && this.#first < this.#needed) this.#dropFirst();
  }

  #dropFirst(): void {
    this.#entries.delete(this.#first++);
  }
}

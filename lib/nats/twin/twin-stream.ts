import type { ConsumerConfig, StreamConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import { type Stored, TWIN_RETENTION } from '../../twin/index.js';
import { dedupeHeader } from '../header-names.js';
import { KeptMessages } from './kept-messages.js';
import { TwinConsumer } from './twin-consumer.js';

/** As nats-server has it where the configuration says nothing: two minutes. */
const DUPLICATE_WINDOW_NS = 120e9;

/** As nats-server tells a stream for which nothing else was asked. */
const DEFAULTS = { max_msgs: -1, max_bytes: -1, max_age: 0, retention: 'limits', discard: 'old' };

/** A stream's answer to a publish. */
export interface TwinPubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** Why a stream does not take a message, as its PubAck says it. */
export interface StreamRefusal {
  readonly error: { readonly code: number; readonly err_code: number; readonly description: string };
}

/** nats-server errors.json: "message store failed" and why. */
const STORE_FAILED = { code: 503, err_code: 10_077 };

/** A stream: what it keeps, the dedupe ids of its window, and its durable consumers. */
export class TwinStream {
  readonly log: KeptMessages;
  /** As the server tells it. */
  readonly config: Partial<StreamConfig>;
  readonly name: string;
  readonly subjects: readonly string[];
  readonly #seen = new Map<string, { readonly seq: number; readonly at: number }>();
  readonly #consumers = new Map<string, TwinConsumer>();

  constructor(
    config: Partial<StreamConfig>,
    private readonly clock: Clock,
  ) {
    const { max_age: age = 0 } = config;
    // The server's window is never longer than what it keeps.
    const window = age > 0 ? Math.min(age, DUPLICATE_WINDOW_NS) : DUPLICATE_WINDOW_NS;
    this.config = Object.assign({ duplicate_window: window }, DEFAULTS as object, config);
    this.log = new KeptMessages(this.config, clock, () => this.#furthestBehind());
    this.name = config.name ?? '';
    this.subjects = config.subjects ?? [];
  }

  append(message: Stored): TwinPubAck | StreamRefusal {
    const id = message.headers[dedupeHeader];
    const known = id === undefined ? undefined : this.#duplicateOf(id);
    if (known !== undefined) return { stream: this.name, seq: known, duplicate: true };
    const refusal = this.log.refusal(message);
    if (refusal !== undefined) return { error: { ...STORE_FAILED, description: refusal } };
    const seq = this.log.append(message);
    if (this.retention === 'interest') this.settled(seq);
    if (id === undefined) this.#forgetOld();
    else this.#remember(id, seq);
    for (const consumer of this.#consumers.values()) consumer.wake();
    return { stream: this.name, seq, duplicate: false };
  }

  get retention(): 'limits' | 'workqueue' | 'interest' {
    return this.config.retention as 'limits';
  }

  /** A consumer has settled it: by its retention the stream may let go of it. */
  settled(seq: number): void {
    if (this.retention === 'limits') return;
    for (const consumer of this.#consumers.values()) if (consumer.needs(seq)) return;
    this.log.remove(seq);
  }

  consumer(broker: string, durable: string): TwinConsumer | undefined {
    return this.#consumers.get(consumerKey(broker, durable));
  }

  /** Of one broker. */
  *consumersOf(broker: string): Iterable<TwinConsumer> {
    for (const consumer of this.#consumers.values()) if (consumer.broker === broker) yield consumer;
  }

  addConsumer(broker: string, config: Partial<ConsumerConfig>): TwinConsumer {
    const consumer = new TwinConsumer(config, this, this.clock, broker);
    this.#consumers.set(consumerKey(broker, config.durable_name ?? ''), consumer);
    return consumer;
  }

  #furthestBehind(): TwinConsumer | undefined {
    let furthest: TwinConsumer | undefined;
    for (const consumer of this.#consumers.values()) {
      if (furthest === undefined || consumer.floor < furthest.floor) furthest = consumer;
    }
    return furthest;
  }

  /** A repeat does not refresh the window (nats-server #7302). */
  #duplicateOf(id: string): number | undefined {
    this.#forgetOld();
    return this.#seen.get(id)?.seq;
  }

  /** A clock that stands still ends no window, so the oldest ids go beyond so many. */
  #remember(id: string, seq: number): void {
    this.#seen.set(id, { seq, at: this.clock.now() });
    if (this.#seen.size <= TWIN_RETENTION.messages) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      return;
    }
  }

  /** In order of arrival, so the first that is young enough ends the search. */
  #forgetOld(): void {
    const oldest = this.clock.now() - (this.config.duplicate_window ?? DUPLICATE_WINDOW_NS) / 1e6;
    for (const [id, { at }] of this.#seen) {
      if (at > oldest) return;
      this.#seen.delete(id);
    }
  }
}

/** One durable name on two brokers is two consumers. */
function consumerKey(broker: string, durable: string): string {
  return JSON.stringify([broker, durable]);
}

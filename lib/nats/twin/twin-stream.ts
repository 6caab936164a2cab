import type { ConsumerConfig, StreamConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import type { Stored } from '../../twin/index.js';
import { dedupeHeader } from '../header-names.js';
import { KeptMessages } from './kept-messages.js';
import { TwinConsumer } from './twin-consumer.js';

/** As nats-server has it where the configuration says nothing: two minutes. */
const DUPLICATE_WINDOW_NS = 120e9;

/** A stream's answer to a publish. */
export interface TwinPubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

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
    this.config = { duplicate_window: window, max_msgs: -1, max_age: 0, ...config };
    this.log = new KeptMessages(this.config, clock, () => this.#neededFrom());
    this.name = config.name ?? '';
    this.subjects = config.subjects ?? [];
  }

  append(message: Stored): TwinPubAck {
    const id = message.headers[dedupeHeader];
    const known = id === undefined ? undefined : this.#duplicateOf(id);
    if (known !== undefined) return { stream: this.name, seq: known, duplicate: true };
    const seq = this.log.append(message);
    if (id === undefined) this.#forgetOld();
    else this.#seen.set(id, { seq, at: this.clock.now() });
    for (const consumer of this.#consumers.values()) consumer.wake();
    return { stream: this.name, seq, duplicate: false };
  }

  consumer(broker: string, durable: string): TwinConsumer | undefined {
    return this.#consumers.get(consumerKey(broker, durable));
  }

  addConsumer(broker: string, config: Partial<ConsumerConfig>): TwinConsumer {
    const consumer = new TwinConsumer(config, this, this.clock, broker);
    this.#consumers.set(consumerKey(broker, config.durable_name ?? ''), consumer);
    return consumer;
  }

  #neededFrom(): number {
    return Math.min(this.log.end, ...[...this.#consumers.values()].map(({ floor }) => floor));
  }

  /** A repeat does not refresh the window (nats-server #7302). */
  #duplicateOf(id: string): number | undefined {
    this.#forgetOld();
    return this.#seen.get(id)?.seq;
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

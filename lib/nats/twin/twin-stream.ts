import type { Clock } from '../../driver/index.js';
import { Log, type Stored } from '../../twin/index.js';
import { dedupeHeader } from '../header-names.js';
import type { ConsumerConfig } from './twin-consumer.js';
import { TwinConsumer } from './twin-consumer.js';

/** What a stream was made with. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly duplicateWindowMs: number;
}

/** A stream's answer to a publish. */
export interface TwinPubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** A stream: a log, the dedupe ids of its window, and its durable consumers. */
export class TwinStream {
  readonly log = new Log<Stored>(1);
  readonly #seen = new Map<string, { readonly seq: number; readonly at: number }>();
  readonly #consumers = new Map<string, TwinConsumer>();

  constructor(
    readonly config: StreamConfig,
    private readonly clock: Clock,
  ) {}

  append(message: Stored): TwinPubAck {
    const id = message.headers[dedupeHeader];
    const known = id === undefined ? undefined : this.#duplicateOf(id);
    if (known !== undefined) return { stream: this.config.name, seq: known, duplicate: true };
    const seq = this.log.append(message);
    if (id !== undefined) this.#seen.set(id, { seq, at: this.clock.now() });
    for (const consumer of this.#consumers.values()) consumer.wake();
    return { stream: this.config.name, seq, duplicate: false };
  }

  consumer(broker: string, durable: string): TwinConsumer | undefined {
    return this.#consumers.get(consumerKey(broker, durable));
  }

  addConsumer(broker: string, config: ConsumerConfig): TwinConsumer {
    const consumer = new TwinConsumer(config, this, this.clock);
    this.#consumers.set(consumerKey(broker, config.durable), consumer);
    return consumer;
  }

  /** A repeat does not refresh the window (nats-server #7302). */
  #duplicateOf(id: string): number | undefined {
    this.#forgetOld();
    return this.#seen.get(id)?.seq;
  }

  /** In order of arrival, so the first that is young enough ends the search. */
  #forgetOld(): void {
    const oldest = this.clock.now() - this.config.duplicateWindowMs;
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

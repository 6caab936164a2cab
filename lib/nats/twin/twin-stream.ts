import type { Clock } from '../../async/index.js';
import { type Stored, TWIN_RETENTION } from '../../twin/index.js';
import { DEDUPE_HEADER } from '../header-names.js';
import { StreamLog } from './stream-log.js';
import { TwinConsumer } from './twin-consumer.js';
import type { ConsumerConfig, StreamConfig } from '../driver/connection/jetstream-port.js';

/** nats-server's default: two minutes. */
const DUPLICATE_WINDOW_NS = 120e9;

/** Limits in the info of a stream that was created without any. */
const DEFAULTS = { max_msgs: -1, max_bytes: -1, max_age: 0, retention: 'limits', discard: 'old' };

/** A stream's answer to a publish. */
export interface TwinPubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** The PubAck of a stream that refuses a message. */
export interface StreamRefusal {
  readonly error: { readonly code: number; readonly err_code: number; readonly description: string };
}

/** nats-server errors.json: "message store failed". */
const STORE_FAILED = { code: 503, err_code: 10_077 };

/** A stream: its messages, the dedupe ids of its window, and its durable consumers. */
export class TwinStream {
  readonly log: StreamLog;
  /** As in the stream's info on the server. */
  readonly config: Partial<StreamConfig>;
  readonly name: string;
  readonly subjects: readonly string[];
  private readonly dedupeIds = new Map<string, { readonly seq: number; readonly at: number }>();
  private readonly consumers = new Map<string, TwinConsumer>();

  constructor(
    config: Partial<StreamConfig>,
    private readonly clock: Clock,
  ) {
    const { max_age: age = 0 } = config;
    // The server's window is never longer than `max_age`.
    const window = age > 0 ? Math.min(age, DUPLICATE_WINDOW_NS) : DUPLICATE_WINDOW_NS;
    this.config = Object.assign({ duplicate_window: window }, DEFAULTS as object, config);
    this.log = new StreamLog(this.config, clock, () => this.furthestBehind());
    this.name = config.name ?? '';
    this.subjects = config.subjects ?? [];
  }

  append(message: Stored): TwinPubAck | StreamRefusal {
    const id = message.headers[DEDUPE_HEADER];
    const known = id === undefined ? undefined : this.duplicateOf(id);
    if (known !== undefined) return { stream: this.name, seq: known, duplicate: true };
    const refusal = this.log.refusal(message);
    if (refusal !== undefined) return { error: { ...STORE_FAILED, description: refusal } };
    const seq = this.log.append(message);
    if (this.retention === 'interest') this.settled(seq);
    if (id === undefined) this.forgetOld();
    else this.remember(id, seq);
    for (const consumer of this.consumers.values()) consumer.wake();
    return { stream: this.name, seq, duplicate: false };
  }

  get retention(): 'limits' | 'workqueue' | 'interest' {
    return this.config.retention as 'limits';
  }

  /** A consumer has settled the message: by its retention the stream may drop it. */
  settled(seq: number): void {
    if (this.retention === 'limits') return;
    for (const consumer of this.consumers.values()) if (consumer.needs(seq)) return;
    this.log.remove(seq);
  }

  consumer(broker: string, durable: string): TwinConsumer | undefined {
    return this.consumers.get(consumerKey(broker, durable));
  }

  /** The consumers of one broker. */
  *consumersOf(broker: string): Iterable<TwinConsumer> {
    for (const consumer of this.consumers.values()) if (consumer.broker === broker) yield consumer;
  }

  addConsumer(broker: string, config: Partial<ConsumerConfig>): TwinConsumer {
    const consumer = new TwinConsumer(config, this, this.clock, broker);
    this.consumers.set(consumerKey(broker, config.durable_name ?? ''), consumer);
    return consumer;
  }

  private furthestBehind(): TwinConsumer | undefined {
    let furthest: TwinConsumer | undefined;
    for (const consumer of this.consumers.values()) {
      if (furthest === undefined || consumer.floor < furthest.floor) furthest = consumer;
    }
    return furthest;
  }

  /** A repeat does not refresh the window (nats-server #7302). */
  private duplicateOf(id: string): number | undefined {
    this.forgetOld();
    return this.dedupeIds.get(id)?.seq;
  }

  /** The number of ids is bounded too, for a window never ends while the clock stands still. */
  private remember(id: string, seq: number): void {
    this.dedupeIds.set(id, { seq, at: this.clock.now() });
    if (this.dedupeIds.size <= TWIN_RETENTION.messages) return;
    for (const oldest of this.dedupeIds.keys()) {
      this.dedupeIds.delete(oldest);
      return;
    }
  }

  /** The ids are in order of arrival, so the search ends at the first one within the window. */
  private forgetOld(): void {
    const oldest = this.clock.now() - (this.config.duplicate_window ?? DUPLICATE_WINDOW_NS) / 1e6;
    for (const [id, { at }] of this.dedupeIds) {
      if (at > oldest) return;
      this.dedupeIds.delete(id);
    }
  }
}

/** The same durable name on two brokers is two consumers. */
function consumerKey(broker: string, durable: string): string {
  return JSON.stringify([broker, durable]);
}

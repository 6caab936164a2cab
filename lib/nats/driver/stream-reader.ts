import { type Io, type Sink, sleep } from '../../driver/index.js';
import { asError } from '../../errors/index.js';
import type { NatsClient } from '../load-client.js';
import { type StreamSourceSpec, wildcardsOf } from '../source-spec.js';
import { paramReader } from '../subject-match.js';
import type { Acks } from './acks.js';
import type { Connection } from './connection.js';
import { type ConsumerFacts, ensureConsumer, subscribeError } from './ensure.js';
import type { Reader } from './intake.js';
import type { JetStreamApi } from './jetstream-api.js';
import { StallWatch } from './stall-watch.js';
import { StreamFeed } from './stream-feed.js';
import { StreamLane } from './stream-lane.js';

/** What a reader is made of. */
export interface StreamReaderParts {
  readonly connection: Connection;
  readonly api: JetStreamApi;
  readonly acks: Acks;
  readonly io: Io;
  readonly client: NatsClient;
  readonly inboxPrefix: string | undefined;
}

/** Most messages that are pulled ahead of delivery. */
const pullAhead = 512;
/** Waits between two attempts to bring a consumer back, in milliseconds. */
const backoff = { first: 100, most: 10_000 };

/** One durable consumer, brought back for as long as the broker lives. */
export class StreamReader implements Reader {
  private readonly left = new AbortController();
  private readonly stopListening: () => void;
  private feed: StreamFeed | undefined;
  private facts: ConsumerFacts | undefined;
  private stall: StallWatch | undefined;
  private trouble: string | undefined;
  private recovering = false;
  private lastSeq = 0;

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly sink: Sink,
    private readonly parts: StreamReaderParts,
  ) {
    this.stopListening = parts.connection.listen({
      down: () => {
        this.feed?.pause();
      },
      up: () => {
        if (this.feed !== undefined) void this.recover();
      },
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    try {
      const facts = await this.ensure();
      signal.throwIfAborted();
      // Another source of the same call failed meanwhile.
      this.left.signal.throwIfAborted();
      this.open(facts);
    } catch (thrown) {
      await this.close();
      throw subscribeError(thrown, this.spec, this.parts.io.broker);
    }
    this.warnOfMaxDeliver();
  }

  async quiet(): Promise<void> {
    this.left.abort();
    const { connection } = this.parts;
    await this.feed?.quiet(connection.up ? () => connection.pong() : undefined);
  }

  async close(): Promise<void> {
    this.left.abort();
    this.stopListening();
    this.feed?.close();
  }

  ailments(): readonly string[] {
    const found = this.trouble === undefined ? [] : [`${this.spec.name} is not read: ${this.trouble}`];
    const stalled = this.stall?.ailment();
    return stalled === undefined ? found : [...found, stalled];
  }

  private async ensure(): Promise<ConsumerFacts> {
    const lowest = this.feed?.lane.lowest;
    const resumeFrom = lowest ?? (this.lastSeq > 0 ? this.lastSeq + 1 : undefined);
    const jsm = await this.parts.api.manager();
    return ensureConsumer(jsm, this.spec, this.parts.io.broker, resumeFrom);
  }

  private open(facts: ConsumerFacts): void {
    const { acks } = this.parts;
    const lane = new StreamLane(this.spec, facts.ackWaitMs, acks, (seq) => {
      this.lastSeq = seq;
    });
    this.facts = facts;
    this.feed = this.newFeed(lane, facts);
    this.stall = new StallWatch(this.spec, lane, facts, this.parts.api, this.parts.io.clock);
    this.sink.opened(lane);
    this.feed.pull();
  }

  private newFeed(lane: StreamLane, facts: ConsumerFacts): StreamFeed {
    const { connection, api, io, client, inboxPrefix } = this.parts;
    const readParams = paramReader(wildcardsOf(this.spec));
    return new StreamFeed(lane, {
      nc: connection.nc,
      clock: io.clock,
      sink: this.sink,
      context: { broker: io.broker, readParams, toJsMsg: (message) => client.toJsMsg(message) },
      next: `${api.prefix}.CONSUMER.MSG.NEXT.${this.spec.stream}.${this.spec.consumer}`,
      newInbox: () => client.createInbox(inboxPrefix),
      limit: Math.min(pullAhead, facts.maxAckPending),
      stalled: (why) => void this.recover(why),
      idle: () => void this.stall?.look(),
    });
  }

  /** Goes on with the consumer that is there, or with a new one on a new lane. */
  private async recover(why?: string): Promise<void> {
    if (this.recovering) return;
    this.recovering = true;
    this.trouble = why;
    for (let waitMs = backoff.first; this.mayRead; waitMs = Math.min(backoff.most, waitMs * 2)) {
      try {
        this.goOn(await this.ensure());
        break;
      } catch (thrown) {
        this.failed(subscribeError(thrown, this.spec, this.parts.io.broker));
        await sleep(this.parts.io.clock, waitMs, this.left.signal);
      }
    }
    this.recovering = false;
  }

  /** Without a connection there is nothing to do: its return begins anew. */
  private get mayRead(): boolean {
    return !this.left.signal.aborted && this.parts.connection.up;
  }

  private goOn(facts: ConsumerFacts): void {
    if (!this.mayRead) return;
    this.trouble = undefined;
    if (facts.created === this.facts?.created) {
      this.feed?.pull();
      return;
    }
    const from = this.spec.options.deliver === 'new' ? 'where this one was' : 'with the first message that is kept';
    this.log(`${this.spec.name} was deleted on the server; its successor begins ${from}`);
    this.feed?.lose();
    this.open(facts);
  }

  private failed(error: Error): void {
    if (this.trouble !== error.message && this.mayRead) this.log(asError(error).message);
    this.trouble = error.message;
  }

  private warnOfMaxDeliver(): void {
    const most = this.facts?.maxDeliver ?? -1;
    if (most > 0)
      this.log(`${this.spec.name} has max_deliver ${most}: a message that fails so often is dropped by the server`);
  }

  private log(message: string): void {
    this.parts.io.log.warn(`NATS '${this.parts.io.broker}': ${message}`);
  }
}

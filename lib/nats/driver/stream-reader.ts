import type { Msg } from 'nats';

import { type Io, type Sink, sleep } from '../../driver/index.js';
import { asError } from '../../errors/index.js';
import type { NatsClient } from '../load-client.js';
import { type StreamSourceSpec, wildcardsOf } from '../source-spec.js';
import { paramReader } from '../subject-match.js';
import type { Acks } from './acks.js';
import type { Connection, Refusal } from './connection.js';
import type { ConsumerFacts } from './compare.js';
import { ensureConsumer, subscribeError } from './ensure.js';
import type { Reader } from './intake.js';
import type { JetStreamApi } from './jetstream-api.js';
import { isMarker } from './markers.js';
import { maxPrefetchOf } from './max-prefetch.js';
import { MessageSizes } from './message-sizes.js';
import type { PullBytes } from './pull-bytes.js';
import { PullPace } from './pull-pace.js';
import { pausedText, StallWatch } from './stall-watch.js';
import { type PullLimits, StreamFeed } from './stream-feed.js';
import { StreamLane } from './stream-lane.js';

/** What a reader is made of. */
export interface StreamReaderParts {
  readonly connection: Connection;
  readonly api: JetStreamApi;
  readonly acks: Acks;
  readonly pullBytes: PullBytes;
  readonly io: Io;
  readonly client: NatsClient;
  readonly inboxPrefix: string | undefined;
}

/** Most bytes that wait for their handler. */
const mostWaitingBytes = 8_388_608;
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
  /** What the server does not let this client do, for as long as one connection. */
  private denied: string | undefined;
  /** What comes without a place cannot be settled, so it comes again and again: told once for each connection. */
  private unplaced: string | undefined;
  /** The subject that pulls. */
  private readonly next: string;
  private recovering = false;
  private closed = false;
  private readonly pace: PullPace;
  /** Why the last pulls were refused, which is logged once. */
  private refusal: string | undefined;
  private lastSeq = 0;
  private hasPassedOver = false;
  private readonly sizes = new MessageSizes();
  private readonly leaveBytes: () => void;

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly sink: Sink,
    private readonly parts: StreamReaderParts,
  ) {
    this.pace = new PullPace(parts.io.clock);
    this.leaveBytes = parts.pullBytes.join();
    this.next = `${parts.api.prefix}.CONSUMER.MSG.NEXT.${spec.stream}.${spec.consumer}`;
    this.stopListening = parts.connection.listen({
      down: () => {
        this.denied = undefined;
        this.unplaced = undefined;
        this.feed?.pause();
      },
      refused: (refusal) => {
        this.refused(refusal);
      },
      up: () => {
        if (this.feed !== undefined) void this.recover();
      },
    });
  }

  async prepare(signal: AbortSignal): Promise<void> {
    try {
      this.facts = await this.ensure();
      signal.throwIfAborted();
    } catch (thrown) {
      await this.close();
      throw subscribeError(thrown, this.spec, this.parts.io.broker);
    }
  }

  start(): void {
    if (this.facts === undefined || this.left.signal.aborted) return;
    this.open(this.facts);
    this.warnOfMaxDeliver();
    this.warnOfConsumer();
  }

  async quiet(): Promise<void> {
    this.left.abort();
    await this.feed?.quiet();
  }

  async close(): Promise<void> {
    if (!this.closed) this.leaveBytes();
    this.closed = true;
    this.left.abort();
    this.stopListening();
    this.feed?.close();
  }

  ailments(): readonly string[] {
    const trouble = this.trouble === undefined ? undefined : `${this.spec.name} is not read: ${this.trouble}`;
    return [trouble, this.denied, this.unplaced, this.stall?.ailment()].filter((found) => found !== undefined);
  }

  /** The server says it to nobody else: pulls would go unanswered, and what is settled would come again and again. */
  private refused({ operation, subject }: Refusal): void {
    const { stream, consumer, name } = this.spec;
    const settles = subject.startsWith('$JS.ACK.') && subject.includes(`.${stream}.${consumer}.`);
    if (operation !== 'publish' || (subject !== this.next && !settles) || this.denied !== undefined) return;
    this.denied = `${name}: this client has no permission to ${settles ? 'settle what it reads' : 'pull from it'}`;
    this.log(this.denied);
  }

  private cannotPlace(reply = ''): void {
    if (this.unplaced !== undefined) return;
    this.unplaced = `${this.spec.name}: a message is not handled, for its reply subject '${reply}' is not that of a delivery`;
    this.log(this.unplaced);
  }

  private async ensure(): Promise<ConsumerFacts> {
    const lowest = this.feed?.lane.lowest;
    const resumeFrom = lowest ?? (this.lastSeq > 0 ? this.lastSeq + 1 : undefined);
    const jsm = await this.parts.api.manager();
    return ensureConsumer(jsm, this.spec, this.parts.io.broker, resumeFrom);
  }

  private open(facts: ConsumerFacts): void {
    const { acks } = this.parts;
    this.facts = facts;
    const reached = (seq: number): void => {
      this.lastSeq = seq;
    };
    const lane = new StreamLane(this.spec, facts.ackWaitMs, acks, facts.maxAckPending, reached, () => this.maxPrefetch);
    this.feed = this.newFeed(lane);
    this.stall = new StallWatch(
      this.spec,
      lane,
      this.parts.api,
      this.parts.io.clock,
      () => this.lastSeq,
      facts.pausedUntil,
    );
    this.sink.opened(lane);
    this.pull();
  }

  private pull(): void {
    this.pace.pulled();
    this.feed?.pull();
  }

  private get limits(): PullLimits {
    const { maxBatch = Infinity, maxBytes = Infinity, maxExpiresMs } = this.facts ?? {};
    return { batch: maxBatch, bytes: Math.min(this.parts.pullBytes.share, maxBytes), expiresMs: maxExpiresMs };
  }

  private get maxPrefetch(): number {
    const { maxAckPending = Infinity, maxDeliver = -1 } = this.facts ?? {};
    return Math.min(maxPrefetchOf(maxAckPending, maxDeliver), this.sizes.countIn(mostWaitingBytes));
  }

  private newFeed(lane: StreamLane): StreamFeed {
    const { connection, io, client, inboxPrefix } = this.parts;
    const readParams = paramReader(wildcardsOf(this.spec));
    return new StreamFeed(lane, this.sizes, {
      nc: connection.nc,
      clock: io.clock,
      sink: this.sink,
      context: { broker: io.broker, readParams, toJsMsg: (message) => client.toJsMsg(message) },
      next: this.next,
      newInbox: () => client.createInbox(inboxPrefix),
      limits: () => this.limits,
      pong: () => (connection.up ? () => connection.pong() : undefined),
      stalled: (why) => void this.recover(why),
      idle: () => void this.stall?.look(),
      isMarker: (message) => this.passesOver(message),
      unplaced: (reply) => {
        this.cannotPlace(reply);
      },
    });
  }

  /** Goes on with the consumer that is there, or with a new one on a new lane. */
  private async recover(why?: string): Promise<void> {
    if (this.recovering) return;
    this.recovering = true;
    this.trouble = why;
    if (why !== undefined) await this.pause(why);
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

  private async pause(why: string): Promise<void> {
    const pauseMs = this.pace.pauseMs();
    const isNew = this.refusal !== why;
    this.refusal = pauseMs === 0 ? undefined : why;
    if (pauseMs === 0) return;
    if (isNew) this.log(`${this.spec.name} is not read: its pull was refused (${why})`);
    await sleep(this.parts.io.clock, pauseMs, this.left.signal);
  }

  /** Without a connection there is nothing to do: its return begins anew. */
  private get mayRead(): boolean {
    return !this.left.signal.aborted && this.parts.connection.up;
  }

  private goOn(facts: ConsumerFacts): void {
    if (!this.mayRead) return;
    this.trouble = undefined;
    if (facts.created === this.facts?.created) {
      this.facts = facts;
      this.pull();
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

  private passesOver(message: Msg): boolean {
    const { markers = 'skip' } = this.spec.options;
    if (markers !== 'skip' || !isMarker(message, this.facts?.mayHoldSchedules === true)) return false;
    if (!this.hasPassedOver) this.parts.io.log.info(`NATS '${this.parts.io.broker}': ${this.spec.name} holds delete markers or schedules of the server: acked without a call of the handler (markers: 'skip')`); // prettier-ignore
    this.hasPassedOver = true;
    return true;
  }

  /** What the consumer was made with elsewhere, and what becomes of failures by it. */
  private warnOfConsumer(): void {
    const { hasBackoff = false, pausedUntil } = this.facts ?? {};
    const { name } = this.spec;
    if (hasBackoff) {
      this.log(`${name} has a backoff: the server shifts by it when a failed message comes again; make the consumer without one`); // prettier-ignore
    }
    const pause = pausedText(name, pausedUntil, this.parts.io.clock);
    if (pause !== undefined) this.log(pause);
  }

  private warnOfMaxDeliver(): void {
    const most = this.facts?.maxDeliver ?? -1;
    if (most > 0)
      this.log(
        `${this.spec.name} has max_deliver ${most}: a message that was delivered so often, whether or not a handler got it, is given up by the server`,
      );
  }

  private log(message: string): void {
    this.parts.io.log.warn(`NATS '${this.parts.io.broker}': ${message}`);
  }
}

import { Backoff, sleep } from '../../../async/index.js';
import type { DriverContext, Settlement, Sink } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import { type StreamSourceSpec, wildcardsOf } from '../../source-spec.js';
import { paramReader } from '../../subject.js';
import type { Connection, Refusal } from '../connection/connection.js';
import type { SourceReader } from '../intake.js';
import { AckFloor } from './ack-floor.js';
import { AckPendingWatch, pausedText } from './ack-pending-watch.js';
import type { Acks } from './acks.js';
import { AlteredStream } from './altered-stream.js';
import {
  type ConsumerFacts,
  deliveryDifferences,
  ensureConsumer,
  keepingOf,
  limitsOf,
  subscribeError,
} from './consumer-config.js';
import { Denials } from './denials.js';
import type { JetStreamApi } from './jetstream-api.js';
import { maxHeldOf, maxPrefetchOf, MessageSizes, type PullBytes, PullPace } from './puller.js';
import { type PullLimits, StreamFeed } from './stream-feed.js';
import { watchSource } from './source-watch.js';
import { type LaneRoom, StreamLane } from './stream-lane.js';
import { isWithoutBody, markerOf } from './stream-message.js';
import type { ClientMessage, NatsClient } from '../connection/client-port.js';
import type { ConsumerInfo, StreamInfo } from '../connection/jetstream-port.js';

/** Collaborators of a {@link StreamReader}. */
export interface StreamReaderParts {
  readonly connection: Connection;
  readonly api: JetStreamApi;
  readonly acks: Acks;
  readonly pullBytes: PullBytes;
  readonly io: DriverContext;
  readonly client: NatsClient;
  readonly inboxPrefix: string | undefined;
}

/** Most bytes of messages that wait for their handler. */
const MOST_WAITING_BYTES = 8_388_608;
/** An ack would remove the definition of a schedule from a work queue, and cancel the schedule (nats-server 2.15). */
const SCHEDULE_KEPT_MS = 3_600_000;
/** Backoff between attempts to recover a consumer, in milliseconds. */
const BACKOFF = { first: 100, most: 10_000 };

/** Reads one durable consumer, and recovers or recreates it for as long as the broker lives. */
export class StreamReader implements SourceReader, LaneRoom {
  private readonly left = new AbortController();
  private readonly stopListening: () => void;
  private feed: StreamFeed | undefined;
  private facts: ConsumerFacts | undefined;
  private floor: AckFloor | undefined;
  private ackPendingWatch: AckPendingWatch | undefined;
  private trouble: string | undefined;
  private readonly denials: Denials;
  /** A message without ack metadata cannot be settled, so it is redelivered forever: logged once per connection. */
  private unplaced: string | undefined;
  /** The subject to which pulls are published. */
  private readonly next: string;
  private recovering = false;
  private closed = false;
  private readonly pace: PullPace;
  /** The reason for which the last pulls were refused, logged once. */
  private refusal: string | undefined;
  private lastSeq = 0;
  /** Whether the consumer was asked for because of a message without its body, and delivers bodies. */
  private bodies: 'unasked' | 'asked' | 'whole' = 'unasked';
  private readonly toldPassedOver = new Set<string>();
  private readonly altered: AlteredStream;
  private readonly sizes = new MessageSizes();
  private readonly leaveBytes: () => void;

  constructor(
    readonly spec: StreamSourceSpec,
    private readonly sink: Sink,
    private readonly parts: StreamReaderParts,
  ) {
    this.pace = new PullPace(parts.io.clock);
    this.altered = new AlteredStream(spec, (text) => this.log(text));
    this.leaveBytes = parts.pullBytes.join();
    this.next = `${parts.api.prefix}.CONSUMER.MSG.NEXT.${spec.stream}.${spec.consumer}`;
    this.denials = new Denials(spec, this.next);
    this.stopListening = parts.connection.listen({
      down: () => {
        this.denials.forget();
        this.unplaced = undefined;
        this.feed?.pause();
      },
      refused: (refusal) => this.refused(refusal),
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
    const { api, connection, io } = this.parts;
    this.floor = new AckFloor(this.facts);
    this.open(this.facts);
    const consumer = (info: ConsumerInfo): void => this.looked(info);
    const stream = (info: StreamInfo): void => this.streamLooked(info);
    void watchSource(this.spec, { api, connection, clock: io.clock }, { consumer, stream }, this.left.signal);
    this.warnOfMaxDeliver();
    this.warnOfConsumer();
    this.warnOfBatches();
  }

  async stopFetching(): Promise<void> {
    this.left.abort();
    await this.feed?.stopFetching();
  }

  async close(): Promise<void> {
    if (!this.closed) this.leaveBytes();
    this.closed = true;
    this.left.abort();
    this.stopListening();
    this.feed?.close();
  }

  healthIssues(): readonly string[] {
    const trouble = this.trouble === undefined ? undefined : `${this.spec.name} is not read: ${this.trouble}`;
    const own = [trouble, this.denials.issue, this.unplaced, this.retuned, this.ackPendingWatch?.healthIssue()];
    return [...own.filter((found) => found !== undefined), ...this.altered.healthIssues()];
  }

  async lag(): Promise<number> {
    const { connection, api } = this.parts;
    // nats.js would keep the request until it is connected again.
    if (!connection.up) throw new Error('there is no connection');
    const jsm = await api.manager();
    const { num_pending: pending, num_ack_pending: unsettled } = await jsm.consumers.info(
      this.spec.stream,
      this.spec.consumer,
    );
    return pending + unsettled;
  }

  private refused(refusal: Refusal): void {
    const issue = this.denials.refused(refusal, this.lastSeq);
    if (issue !== undefined) this.log(issue);
  }

  private cannotPlace(reply = ''): void {
    if (this.unplaced !== undefined) return;
    this.unplaced = `${this.spec.name}: a message was not handled: its reply subject '${reply}' is not one of JetStream's ($JS.ACK)`;
    this.log(this.unplaced);
  }

  private async ensure(): Promise<ConsumerFacts> {
    const { api, io } = this.parts;
    const jsm = await api.manager();
    const maker = { broker: io.broker, serverVersion: api.serverVersion };
    return ensureConsumer(jsm, this.spec, maker, this.floor?.place(this.feed?.lane.lowest));
  }

  private open(facts: ConsumerFacts): void {
    const { acks } = this.parts;
    this.facts = facts;
    const reached = (seq: number): void => {
      this.lastSeq = seq;
    };
    const lane = new StreamLane(this.spec, facts.ackWaitMs, acks, facts.maxAckPending, reached, this);
    this.feed = this.newFeed(lane);
    this.ackPendingWatch = new AckPendingWatch(
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

  get maxPrefetch(): number {
    const { maxAckPending = Infinity, maxDeliver = -1 } = this.facts ?? {};
    return Math.min(maxPrefetchOf(maxAckPending, maxDeliver), this.sizes.countIn(MOST_WAITING_BYTES));
  }

  get maxHeld(): number {
    const { maxAckPending = Infinity, maxDeliver = -1 } = this.facts ?? {};
    return Math.min(maxHeldOf(maxAckPending, maxDeliver), this.sizes.countIn(MOST_WAITING_BYTES));
  }

  private newFeed(lane: StreamLane): StreamFeed {
    const { connection, acks, io, client, inboxPrefix } = this.parts;
    const readParams = paramReader(wildcardsOf(this.spec));
    return new StreamFeed(lane, this.sizes, {
      nc: connection.nc,
      clock: io.clock,
      sink: this.sink,
      context: { broker: io.broker, readParams, toJsMsg: (message) => client.toJsMsg(message, connection.nc) },
      next: this.next,
      newInbox: () => client.createInbox(inboxPrefix),
      limits: () => this.limits,
      atTurnEnd: (act) => acks.withNext(act),
      pong: () => (connection.up ? () => connection.pong() : undefined),
      stalled: (why) => void this.recover(why),
      idle: () => this.idle(),
      passedOver: (message) => this.passedOver(message),
      unplaced: (reply) => this.cannotPlace(reply),
    });
  }

  private idle(): void {
    this.denials.answered();
    void this.ackPendingWatch?.look();
  }

  /**
   * One that differs now is not read on, as a start would refuse it: each message that it delivers passes over those
   * before it that its filter leaves out, and they never come, even once the filter is as it was (nats-server 2.15).
   */
  private looked(info: ConsumerInfo): void {
    this.floor?.seen(info);
    this.denials.looked(info, this.lastSeq);
    if (this.recovering || !this.mayRead || this.facts === undefined || info.created !== this.facts.created) return;
    if (deliveryDifferences(info.config, this.spec) !== '') {
      this.feed?.rest();
      void this.recover();
    } else this.follow({ ...this.facts, ...limitsOf(info.config, this.spec) });
  }

  /** Schedules may be allowed later: an ack of a definition would cancel one that a work queue holds. */
  private streamLooked(info: StreamInfo): void {
    this.altered.looked(info);
    if (this.facts?.streamCreated === info.created) this.facts = { ...this.facts, ...keepingOf(info.config) };
  }

  /** Limits that were changed are followed, though a start would refuse them: they change no more than the pace. */
  private follow(facts: ConsumerFacts): void {
    const told = this.retuned;
    this.facts = facts;
    if (this.feed !== undefined) this.feed.lane.leaseMs = facts.ackWaitMs;
    if (this.retuned !== undefined && this.retuned !== told) this.log(this.retuned);
  }

  private get retuned(): string | undefined {
    const { differing = '' } = this.facts ?? {};
    if (differing === '') return undefined;
    return `${this.spec.name} was changed on the server, and the next start refuses it: ${differing}`;
  }

  /** Continues with the existing consumer, or with a new one on a new lane. */
  private async recover(why?: string): Promise<void> {
    if (this.recovering) return;
    this.recovering = true;
    this.trouble = why;
    if (why !== undefined) await this.pause(why);
    const backoff = new Backoff(BACKOFF.first, BACKOFF.most);
    while (this.mayRead) {
      try {
        this.goOn(await this.ensure());
        break;
      } catch (thrown) {
        this.failed(subscribeError(thrown, this.spec, this.parts.io.broker));
        await sleep(this.parts.io.clock, backoff.next(), this.left.signal);
      }
    }
    this.recovering = false;
  }

  private async pause(why: string): Promise<void> {
    const pauseMs = this.pace.pauseMs();
    const isNew = this.refusal !== why;
    this.refusal = pauseMs === 0 ? undefined : why;
    if (pauseMs === 0) return;
    if (isNew) this.log(`${this.spec.name} is not read: the server refused its pull (${why}), retrying`);
    await sleep(this.parts.io.clock, pauseMs, this.left.signal);
  }

  /** Without a connection there is nothing to do: a reconnect starts the recovery. */
  private get mayRead(): boolean {
    return !this.left.signal.aborted && this.parts.connection.up;
  }

  private goOn(facts: ConsumerFacts): void {
    if (!this.mayRead) return;
    this.trouble = undefined;
    if (this.bodies === 'asked') this.bodies = 'whole';
    this.floor?.found(facts);
    if (facts.created === this.facts?.created) {
      this.follow(facts);
      this.pull();
      return;
    }
    this.log(`${this.spec.name} was deleted on the server; it is recreated and starts ${this.startOf(facts)}`);
    this.feed?.lose();
    this.open(facts);
  }

  private startOf({ streamCreated, made, startsNew }: ConsumerFacts): string {
    const isOtherStream = this.facts?.streamCreated !== streamCreated;
    if (!made && startsNew)
      return 'with what comes from now on, as another process made it: earlier messages are passed over';
    if (this.spec.options.deliver === 'new' && !isOtherStream) return 'at the first message that may be unsettled';
    return 'at the first message that the stream holds';
  }

  private failed(error: Error): void {
    if (this.trouble !== error.message && this.mayRead) this.log(asError(error).message);
    this.trouble = error.message;
  }

  private passedOver(message: ClientMessage): Settlement | undefined {
    if (this.bodies !== 'whole' && isWithoutBody(message)) return this.withoutBody();
    const { mayHoldSchedules = false, removesAcked = false } = this.facts ?? {};
    const marker = this.spec.options.markers === 'handle' ? undefined : markerOf(message, mayHoldSchedules);
    if (marker === undefined) return undefined;
    const isKept = marker === 'schedule' && removesAcked;
    this.tellPassedOver(isKept ? 'leaving schedules unsettled' : 'acknowledging delete markers and schedules');
    return isKept ? { redeliverInMs: SCHEDULE_KEPT_MS } : 'ack';
  }

  /** A consumer that is read was set to headers only, unless a look at it says that the publisher wrote that header. */
  private withoutBody(): Settlement {
    this.bodies = 'asked';
    this.feed?.rest();
    void this.recover();
    return { redeliverInMs: 0 };
  }

  private tellPassedOver(how: string): void {
    if (this.toldPassedOver.has(how)) return;
    this.toldPassedOver.add(how);
    this.parts.io.log.info(
      `NATS '${this.parts.io.broker}': ${this.spec.name} holds messages of the server's own: ${how} without a call of the handler (markers: 'skip')`,
    );
  }

  /** Settings of a consumer created elsewhere that change how failed messages are redelivered, or stop reading. */
  private warnOfConsumer(): void {
    const { hasBackoff = false, pausedUntil } = this.facts ?? {};
    const { name } = this.spec;
    if (hasBackoff) {
      this.log(`${name} has a backoff, which shifts the time of redeliveries: create the consumer without one`);
    }
    const pause = pausedText(name, pausedUntil, this.parts.io.clock);
    if (pause !== undefined) this.log(pause);
  }

  private warnOfMaxDeliver(): void {
    const most = this.facts?.maxDeliver ?? -1;
    if (most > 0)
      this.log(
        `${this.spec.name} has max_deliver ${most}: the server gives up a message after ${most} deliveries, whether or not a handler got it`,
      );
  }

  private warnOfBatches(): void {
    const { noBatches } = this.facts ?? {};
    if (noBatches === undefined) return;
    this.log(`results for stream ${this.spec.stream} do not go as batches, in spite of allowBatched: ${noBatches}`);
  }

  private log(message: string): void {
    this.parts.io.log.warn(`NATS '${this.parts.io.broker}': ${message}`);
  }
}

import { untilAborted, within } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { KafkaCommonSettings } from '../../settings.js';
import { paramsOf } from '../../topic-pattern.js';
import type { Client, KafkaClient, MakeClient } from '../client/client-port.js';
import type {
  Assignment,
  ConsumerListeners,
  FetchedBatch,
  GroupConsumer,
  GroupConsumerOptions,
  GroupJoin,
} from '../client/consumer-port.js';
import { withAdmin } from '../client/with-admin.js';
import { AssignedPartitions, keyOf, PartitionFlow } from './assigned-partitions.js';
import { ConsumerLiveness } from './consumer-liveness.js';
import type { HaltedPartitions } from './halted-partitions.js';
import { endsOfNew, InitialOffsets, type OffsetLoss, type WithAdmin } from './initial-offsets.js';
import { OffsetCommitter } from './offset-committer.js';
import { PartitionLane, type PartitionLaneOwner, type TopicSubscription } from './partition-lane.js';
import type { RefusedTopics } from './refused-topics.js';
import { type DeletedTopics, LOOK_MS, SubscribedTopics, TopicWatch } from './subscribed-topics.js';
import { UnassignedPartitions } from './unassigned-partitions.js';

/** The group that a session belongs to. */
export interface GroupSessionHost {
  readonly io: DriverContext;
  readonly settings: Pick<KafkaCommonSettings, 'commitIntervalMs'>;
  readonly groupId: string;
  /** The cluster's id; without one, the broker's name. */
  readonly cluster: string;
  readonly client: Pick<KafkaClient, 'name' | 'settings' | 'failures'>;
  readonly makeClient: MakeClient;
  readonly subscriptions: readonly TopicSubscription[];
  readonly halted: HaltedPartitions;
  readonly refused: RefusedTopics;
  readonly deleted: DeletedTopics;
  readonly losses: OffsetLoss;
  /** The session is over and does not recover by itself. */
  onSessionEnded(session: GroupSession, cause: Error): void;
}

/** Batches of one fetch that are processed at a time: a full partition must not hold up the others. */
const CONCURRENTLY = 64;
/** How long a full partition may take to have room before it is paused, in milliseconds. */
const PATIENCE_MS = 200;
/**
 * While the server is away the consumer keeps retrying, and returns as the same member. A new member would have to wait
 * for the old one's session to expire (30 s by default, and a server that restarts begins to count again).
 */
const FOR_EVER = 1_000_000;
/** How long a consumer may take to leave its group, in milliseconds; then its connections are cut. */
const LEAVE_MS = 3_000;
/** The share of the rebalance timeout in which handlers of partitions that are taken away may end. */
const RELEASE_SHARE = 0.75;

/** One consumer of one group, from connecting to its end. After a crash the group starts another session. */
export class GroupSession {
  readonly committer: OffsetCommitter;
  readonly liveness: ConsumerLiveness;
  readonly unassigned: UnassignedPartitions;
  private readonly client: Client;
  private readonly consumer: GroupConsumer;
  private readonly topics: SubscribedTopics;
  private readonly watch: TopicWatch;
  private readonly lanes: AssignedPartitions;
  private readonly flow: PartitionFlow;
  private readonly starts: InitialOffsets;
  private readonly laneOwner: PartitionLaneOwner;
  private preparing: Promise<void> | undefined;
  private draining = false;
  private running: Promise<void> = Promise.resolve();
  private over: Error | undefined;
  private readonly end = new AbortController();

  constructor(private readonly host: GroupSessionHost) {
    const { io, groupId, deleted } = host;
    const { settings, failures } = host.client;
    const { ask, listTopics } = this;
    const { clock } = io;
    this.unassigned = new UnassignedPartitions({ io, groupId, withAdmin: ask, topics: () => this.topics.names });
    this.client = host.makeClient({ retries: FOR_EVER });
    const consumer = (this.consumer = this.client.consumer(this.consumerOptions(), this.listeners()));
    this.topics = new SubscribedTopics(host.subscriptions, { consumer, failures, clock, deleted, listTopics });
    this.watch = new TopicWatch(
      clock,
      () => this.mayMissTopics(),
      async () => {
        await this.lookAtRefused();
        await this.lookForTopics();
      },
    );
    this.lanes = new AssignedPartitions((topic, partition) => this.makeLane(topic, partition));
    this.flow = new PartitionFlow(consumer, this.lanes, (lane) => this.isHeld(lane));
    this.liveness = new ConsumerLiveness(clock, settings, (cause) => this.fail(cause));
    this.committer = new OffsetCommitter(this.committerHost());
    this.laneOwner = {
      // Called for each message.
      settled: this.committer.settled,
      hasRoom: (lane) => this.flow.resume(lane),
      failed: ({ name }, cause) => io.log.error(`${name}: a batch could not be handed over`, cause),
    };
    this.starts = new InitialOffsets({ groupId, io, consumer, withAdmin: ask, ended: this.end.signal });
  }

  /**
   * Connects and finds the topics. It does not join yet, so neither the previous session nor another member of the
   * group is disturbed.
   */
  async prepare(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.end.signal]);
    this.preparing ??= this.connect(either);
    await untilAborted(this.preparing, either);
  }

  /**
   * Adds subscriptions before it joins. Gives undefined for each, or why it cannot be read, such as a missing topic:
   * then the session cannot be used, as its consumer would ask for that topic all the same.
   */
  async admit(
    all: readonly (readonly TopicSubscription[])[],
    signal: AbortSignal,
  ): Promise<readonly (Error | undefined)[]> {
    const either = AbortSignal.any([signal, this.end.signal]);
    return untilAborted(this.topics.add(all, either), either);
  }

  /** Resolves when the group is joined and the initial offset of each of its partitions is committed. */
  async start(signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    const either = AbortSignal.any([signal, this.end.signal]);
    await untilAborted(this.begin(either), either);
  }

  /**
   * Starts no further handler and fetches nothing more; it stays a member of its group. Resolves when running handlers
   * are over, or after `ms`.
   */
  async drain(ms: number): Promise<void> {
    this.draining = true;
    this.applyFlow();
    const drained = Promise.all([...this.lanes].map((lane) => lane.drain()));
    await within(this.host.io.clock, untilAborted(drained, this.end.signal), ms);
  }

  /** The client's last warning or error: the reason why an attempt that timed out did not succeed. */
  complaint: string | undefined;

  /** What it reads, refused topics included. */
  get topicNames(): readonly string[] {
    return this.topics.names;
  }

  /** Why the session is over, once it is. */
  get ended(): Error | undefined {
    return this.over;
  }

  /** A sentence for health where Kafka does not answer. */
  get unanswered(): string | undefined {
    return this.client.unansweredIssue();
  }

  /** Fetches no more for subscriptions that are quiet. */
  stopFetching(): void {
    for (const lane of this.lanes) if (lane.subscription.quiet) lane.end();
    this.applyFlow();
  }

  /** Leaves the group. Resolves within some seconds even while the server is away; never rejects. */
  async dispose(): Promise<void> {
    this.fail(new Error('The consumer was stopped'));
    this.liveness.close();
    this.watch.close();
    this.committer.close();
    this.lanes.loseAll();
    const { clock } = this.host.io;
    // A consumer that is stopped during its start goes on (kafkajs #967): it has to have started, or failed, first.
    await within(clock, this.running, LEAVE_MS);
    await within(clock, this.consumer.disconnect(), LEAVE_MS);
    this.client.kill();
  }

  private async connect(signal: AbortSignal): Promise<void> {
    await this.consumer.connect();
    await this.topics.subscribe(signal);
    signal.throwIfAborted();
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { deleted, halted } = this.host;
    halted.search.inNewSession();
    // Preparing it, and waiting for the previous session, may have taken long.
    this.liveness.seen();
    const { names } = this.topics;
    const late = names.filter(
      (name) => this.topics.get(name)?.spec.fromBeginning === false && !deleted.wasRecreated(name),
    );
    if (late.length > 0) this.starts.hints = await this.ask((admin) => endsOfNew(admin, this.host.groupId, late));
    signal.throwIfAborted();
    this.running = this.consumer.run((batch) => this.take(batch));
    // A client may resolve this although the join failed (kafkajs #1721): its crash then ends the session.
    await this.running;
    await this.starts.all();
    await this.lookAtRefused();
    this.watch.start();
  }

  private mayMissTopics(): boolean {
    const { deleted, halted, refused } = this.host;
    // A partition that is not fetched has no fetches with which anything is amiss where its topic is deleted.
    return deleted.any || halted.any || refused.any || this.liveness.sinceAnswerMs > LOOK_MS;
  }

  private async lookAtRefused(): Promise<void> {
    const { refused } = this.host;
    if (!refused.any) return;
    await refused.look(this.lanes, (offsets) => this.consumer.commit(offsets));
    this.applyFlow();
    this.committer.settled();
  }

  private async lookForTopics(): Promise<void> {
    if (await this.topics.haveChanged())
      this.host.onSessionEnded(this, new Error('A topic was deleted, or exists again'));
  }

  /** Must not throw: kafkajs ends the consumer for some errors (`TypeError`) and retries all others. */
  private async take(batch: FetchedBatch): Promise<void> {
    try {
      await this.handOver(batch);
    } catch (thrown) {
      this.host.io.log.error(`A batch of topic '${batch.topic}' could not be handed over`, asError(thrown));
    }
  }

  private async handOver(batch: FetchedBatch): Promise<void> {
    const lane = this.lanes.get(batch.topic, batch.partition);
    const last = batch.records.at(-1);
    if (lane === undefined || last === undefined || !(await this.isReady(lane)) || batch.isStale()) return;
    lane.offer(batch.records);
    lane.pass(batch.lastOffset);
    batch.resolve(last);
    if (!(await this.hasRoom(lane))) this.flow.pause(lane);
  }

  private async isReady(lane: PartitionLane): Promise<boolean> {
    if (!lane.isFixed) await within(this.host.io.clock, lane.changed(), PATIENCE_MS);
    return lane.isFixed && !lane.isLost;
  }

  private async hasRoom(lane: PartitionLane): Promise<boolean> {
    if (lane.hasRoom) return true;
    await within(this.host.io.clock, lane.changed(), PATIENCE_MS);
    return lane.hasRoom;
  }

  private joined(join: GroupJoin): void {
    if (join.hasSkipped === true) this.lanes.loseAll();
    const { kept, opened } = this.lanes.assign(join.memberId, join.assignment);
    // A client may go back to the committed offset even on a partition that is kept (kafkajs does).
    for (const { origin, next } of kept)
      if (next !== undefined) this.consumer.seek(origin.topic, origin.partition, next);
    this.starts.seekHints([...kept, ...opened]);
    this.applyFlow();
    this.starts.fix(opened, this.running);
    this.committer.settled();
    this.unassigned.joined(join);
    this.host.io.rebalanced?.(this.host.groupId);
  }

  /** Leaves the server time to hear of it: what is not over by the rebalance timeout is given to another member anyway. */
  private async release(assignment: Assignment): Promise<void> {
    const { rebalanceTimeoutMs } = this.host.client.settings;
    const { clock } = this.host.io;
    const going = [...this.lanes].filter(({ origin }) => assignment[origin.topic]?.includes(origin.partition));
    const drained = Promise.all(going.map((lane) => lane.drain()));
    this.applyFlow();
    await within(clock, untilAborted(drained, this.end.signal), rebalanceTimeoutMs * RELEASE_SHARE);
    await this.committer.flush((rebalanceTimeoutMs * (1 - RELEASE_SHARE)) / 2);
  }

  private makeLane(topic: string, partition: number): PartitionLane | undefined {
    const subscription = this.topics.get(topic);
    if (subscription === undefined) return undefined;
    const params = paramsOf(subscription.spec.topic, topic);
    const place = `kafka:${this.host.cluster}:${topic}:${partition}:`;
    const lane = new PartitionLane({ place, topic, partition, params }, subscription, this.laneOwner);
    if (this.draining) void lane.drain();
    return lane;
  }

  private applyFlow(): void {
    this.host.halted.among([...this.allowed()].map(({ origin }) => keyOf(origin.topic, origin.partition)));
    this.flow.apply();
  }

  private isHeld(lane: PartitionLane): boolean {
    const { subscription, origin } = lane;
    const { halted, refused } = this.host;
    const key = keyOf(origin.topic, origin.partition);
    const isBarred = halted.holds(key) || refused.holds(origin.topic);
    return this.draining || lane.isDraining || subscription.quiet || isBarred;
  }

  private *allowed(): Generator<PartitionLane> {
    for (const lane of this.lanes) if (!this.host.refused.holds(lane.origin.topic)) yield lane;
  }

  private fail(cause: Error): void {
    if (this.over !== undefined) return;
    this.over = cause;
    this.end.abort(cause);
    this.host.onSessionEnded(this, cause);
  }

  private offsetLost(topic: string, partition: number): void {
    const lane = this.lanes.get(topic, partition);
    if (lane === undefined) return;
    const { name, next, origin } = lane;
    void this.host.losses.report({ name, next, origin }, this.ask);
    lane.rewind();
  }

  private committerHost(): ConstructorParameters<typeof OffsetCommitter>[0] {
    const { io, settings, groupId } = this.host;
    return {
      clock: io.clock,
      intervalMs: settings.commitIntervalMs ?? 1_000,
      // The server may store the others and tell of the refused one alone.
      lanes: { [Symbol.iterator]: () => this.allowed() },
      commit: (offsets) => this.consumer.commit(offsets),
      failed: (cause) => io.log.debug(`Group '${groupId}' could not commit, retrying: ${cause.message}`),
    };
  }

  private listeners(): ConsumerListeners {
    const { search } = this.host.halted;
    return {
      alive: () => this.liveness.seen(),
      fetchBegun: (node) => {
        this.liveness.tried();
        search.fetchBegun(node);
      },
      fetched: (node) => {
        if (search.fetched(node)) this.applyFlow();
      },
      passed: (topic, partition, last) => this.lanes.get(topic, partition)?.pass(last),
      foreignTopics: (topics) => this.unassigned.given(topics),
      joined: (join) => this.joined(join),
      rebalancing: () => this.committer.now(),
      revoking: (assignment) => this.release(assignment),
      offsetLost: (topic, partition) => this.offsetLost(topic, partition),
      complained: (text) => (this.complaint = text),
      crashed: (cause) => this.fail(cause),
    };
  }

  private consumerOptions(): GroupConsumerOptions {
    const { client, groupId } = this.host;
    return {
      groupId,
      maxWaitMs: client.settings.maxWaitMs,
      persistent: true,
      concurrently: CONCURRENTLY,
      count: (topics) => this.unassigned.count(topics),
    };
  }

  private readonly listTopics = (): Promise<string[]> => this.ask((admin) => admin.listTopics());

  private readonly ask: WithAdmin = (question) => withAdmin(this.client, question);
}

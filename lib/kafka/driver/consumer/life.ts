import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, LogEntry } from 'kafkajs';

import type { Io } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { Client, MakeClient } from '../client/clients.js';
import type { KafkaSettings } from '../../options.js';
import { unlessAborted, within } from '../within.js';
import { assigners } from './assigner.js';
import { type Commit, Committer } from './committer.js';
import { Coverage } from './coverage.js';
import type { DeletedTopics } from './deleted-topics.js';
import { Flow } from './flow.js';
import type { Isolation } from './isolation.js';
import { keyOf, Lanes } from './lanes.js';
import type { Losses } from './losses.js';
import type { AssignerProtocol } from './member-metadata.js';
import { PartitionLane, type Reader } from './partition-lane.js';
import { StartFixer } from './start-fixer.js';
import { endsOfNew, type WithAdmin } from './start-positions.js';
import { LOOK_MS, TopicWatch } from './topic-watch.js';
import { paramsOf, readersByTopic, subscribeTo } from './topics.js';
import { Vitals } from './vitals.js';
import { listenTo } from './events.js';

/** What one life of a group's consumer needs of its group. */
export interface LifeHost {
  readonly io: Io;
  readonly settings: KafkaSettings;
  readonly groupId: string;
  /** See `Origin.cluster`. */
  readonly cluster: string;
  readonly makeClient: MakeClient;
  readonly protocol: AssignerProtocol;
  readonly readers: readonly Reader[];
  /** Partitions that stand still, by `keyOf`. */
  readonly halted: ReadonlyMap<string, Error>;
  readonly isolation: Isolation;
  readonly deleted: DeletedTopics;
  readonly losses: Losses;
  /** The consumer does not go on by itself. */
  down(life: Life, cause: Error): void;
}

/** So many batches of one fetch are worked on at a time: a full partition must not hold up the others. */
const CONCURRENTLY = 64;
/** How long a full partition is waited for before it is paused, in milliseconds. */
const PATIENCE_MS = 200;
/** kafkajs's default (5,000) is what an idle `disconnect()` waits for. */
const LONG_POLL_MS = 250;
/**
 * While the server is away the consumer stays and tries: it comes back as the same member. A new one would have to wait
 * until the session of the old one is over (30 s by default, counted anew by a server that was restarted).
 */
const FOR_EVER = 1_000_000;
/** kafkajs's level. */
const WARN = 2;
/** How long a consumer gets to leave its group, in milliseconds; after it its connections are cut. */
const LEAVE_MS = 3_000;

/** One kafkajs consumer of one group, from connecting to the end. It is made anew after a crash. */
export class Life {
  readonly lanes: Lanes;
  readonly committer: Committer;
  readonly vitals: Vitals;
  readonly coverage: Coverage;
  private readonly client: Client;
  private readonly consumer: Consumer;
  private readonly flow: Flow;
  private readonly starts: StartFixer;
  private readonly watch: TopicWatch;
  private topics = new Map<string, Reader>();
  private readers: readonly Reader[];
  private preparing: Promise<void> | undefined;
  private draining = false;
  private running: Promise<void> = Promise.resolve();
  private commit: Commit | undefined;
  private over: Error | undefined;
  private readonly end = new AbortController();

  constructor(private readonly host: LifeHost) {
    const { io, settings, groupId, protocol } = host;
    this.readers = host.readers;
    const { withAdmin } = this;
    this.coverage = new Coverage({ io, groupId, protocol, withAdmin, topics: () => [...this.topics.keys()] });
    this.client = host.makeClient({ retries: FOR_EVER, logged: (entry) => { this.logged(entry); } }); // prettier-ignore
    this.consumer = this.client.kafka.consumer({
      maxWaitTimeInMs: LONG_POLL_MS,
      ...settings.consumer,
      partitionAssigners:
        settings.consumer?.partitionAssigners ??
        assigners({ protocol, count: (topics) => this.coverage.count(topics) }),
      // kafkajs would begin again without a word and forget what was paused: we do it, see `down`.
      retry: { retries: FOR_EVER, ...settings.consumer?.retry, restartOnFailure: () => Promise.resolve(false) },
      groupId,
    });
    this.lanes = new Lanes((topic, partition) => this.makeLane(topic, partition));
    this.flow = new Flow(this.consumer, this.lanes, (lane) => this.isHeld(lane));
    this.vitals = new Vitals(io.clock, settings.consumer, (cause) => { this.fail(cause); }); // prettier-ignore
    this.committer = new Committer(this.committerHost());
    this.starts = new StartFixer({
      groupId,
      io,
      consumer: this.consumer,
      withAdmin,
      ended: this.end.signal,
    });
    const isDue = (): boolean => host.deleted.any || this.vitals.sinceAnswerMs > LOOK_MS;
    this.watch = new TopicWatch(io.clock, isDue, () => this.lookForTopics());
    listenTo(this.consumer, {
      alive: () => { this.vitals.seen(); }, // prettier-ignore
      fetchBegun: (node) => { this.vitals.tried(); host.isolation.fetchBegun(node); }, // prettier-ignore
      fetched: (node) => { if (host.isolation.fetched(node)) this.applyFlow(); }, // prettier-ignore
      passed: (topic, partition, last) => { this.lanes.get(topic, partition)?.pass(last); }, // prettier-ignore
      strayed: (topics) => { this.coverage.given(topics); }, // prettier-ignore
      joined: (join) => { this.joined(join); }, // prettier-ignore
      rebalancing: () => { this.committer.now(); }, // prettier-ignore
      committed: (count) => { this.starts.committed(count); }, // prettier-ignore
      crashed: (cause) => { this.fail(cause); }, // prettier-ignore
    });
  }

  /**
   * Connects and finds the topics; joins nothing yet, so that whoever reads meanwhile is not disturbed, nor is any other
   * member of the group.
   */
  async prepare(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.end.signal]);
    this.preparing ??= this.findTopics(either);
    await unlessAborted(this.preparing, either);
  }

  /**
   * Takes further readers in, before it joins. Resolves with undefined, or why it cannot be read, for each of them: a
   * topic is missing. After that another life is to be made without it, as kafkajs would ask for that topic all the same.
   */
  async admit(all: readonly (readonly Reader[])[], signal: AbortSignal): Promise<readonly (Error | undefined)[]> {
    const either = AbortSignal.any([signal, this.end.signal]);
    return unlessAborted(this.admitEach(all, either), either);
  }

  /** Resolves when the group is joined and every start position of its partitions is fixed and stored. */
  async start(signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    const either = AbortSignal.any([signal, this.end.signal]);
    await unlessAborted(this.begin(either), either);
  }

  /**
   * Before it leaves for others to go on: no further handler begins, and nothing more is fetched. Resolves when those
   * that run are over, or after so many milliseconds. It stays a member of its group meanwhile.
   */
  async drain(ms: number): Promise<void> {
    this.draining = true;
    this.applyFlow();
    const drained = Promise.all([...this.lanes].map((lane) => lane.drain()));
    await within(this.host.io.clock, unlessAborted(drained, this.end.signal), ms);
  }

  /** kafkajs's last warning or error: what it tried for, when it is given up. */
  complaint: string | undefined;

  /** Why it is over, once it is. */
  get ended(): Error | undefined {
    return this.over;
  }

  /** Reads no more for readers that are quiet. */
  quiet(): void {
    for (const lane of this.lanes) if (lane.reader.quiet) lane.end();
    this.applyFlow();
  }

  /** Leaves the group; resolves within some seconds although the server is gone. Never rejects. */
  async dispose(): Promise<void> {
    this.fail(new Error('The consumer was stopped'));
    this.vitals.close();
    this.watch.close();
    this.committer.close();
    this.lanes.loseAll();
    const { clock } = this.host.io;
    // A consumer that is stopped while it starts goes on (kafkajs #967): let it start, or fail, first.
    await within(clock, this.running, LEAVE_MS);
    await within(clock, this.consumer.disconnect(), LEAVE_MS);
    this.client.kill();
  }

  private async findTopics(signal: AbortSignal): Promise<void> {
    await this.consumer.connect();
    const { deleted, io } = this.host;
    this.topics = await readersByTopic(this.readers, deleted, this.listTopics);
    const names = [...this.topics.keys()];
    try {
      await subscribeTo(this.consumer, names, io.clock, signal);
    } catch (thrown) {
      // The next life does without what is missing.
      await this.listTopics().then((there) => deleted.compare(names, there), () => undefined); // prettier-ignore
      throw thrown;
    }
    signal.throwIfAborted();
  }

  /** One after another, as two may read the same topic; asked for together, as one that is missing takes its time. */
  private async admitEach(all: readonly (readonly Reader[])[], signal: AbortSignal): Promise<(Error | undefined)[]> {
    const answers: Promise<Error | undefined>[] = [];
    for (const readers of all) {
      try {
        const names = await this.addTopics(readers);
        answers.push(subscribeTo(this.consumer, names, this.host.io.clock, signal).then(() => undefined, asError));
      } catch (thrown) {
        answers.push(Promise.resolve(asError(thrown)));
      }
    }
    return Promise.all(answers);
  }

  /** Returns those that nobody has asked for yet. */
  private async addTopics(readers: readonly Reader[]): Promise<string[]> {
    const topics = await readersByTopic([...this.readers, ...readers], this.host.deleted, this.listTopics);
    const names = [...topics.keys()].filter((name) => !this.topics.has(name));
    this.readers = [...this.readers, ...readers];
    this.topics = topics;
    return names;
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { deleted, isolation } = this.host;
    isolation.inNewLife();
    // Preparing it, and waiting for the one before, may have taken its time.
    this.vitals.seen();
    const names = [...this.topics.keys()];
    const late = names.filter((name) => this.topics.get(name)?.spec.fromBeginning === false && !deleted.isAnew(name));
    if (late.length > 0) this.starts.hints = await this.withAdmin((admin) => endsOfNew(admin, this.host.groupId, late));
    signal.throwIfAborted();
    this.running = this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENTLY,
      eachBatch: (payload) => this.eachBatch(payload),
    });
    // kafkajs resolves this although the join failed (#1721); the crash that it tells then ends this life.
    await this.running;
    await this.starts.all();
    this.watch.start();
  }

  /** A consumer that asks for a topic that is gone reads nothing more, and tries for ever. */
  private async lookForTopics(): Promise<void> {
    const there = await this.listTopics();
    if (this.host.deleted.compare(this.topics.keys(), there))
      this.host.down(this, new Error('A topic was deleted, or is there again'));
  }

  /** Nothing may be thrown here: kafkajs takes some errors for its own end (`TypeError`) and retries all others. */
  private async eachBatch(payload: EachBatchPayload): Promise<void> {
    try {
      await this.take(payload);
    } catch (thrown) {
      this.host.io.log.error(`A batch of ${payload.batch.topic} was not taken`, asError(thrown));
    }
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    // It works also while kafkajs is stopping, when `consumer.commitOffsets()` resolves and commits nothing.
    this.commit = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    const lane = this.lanes.get(batch.topic, batch.partition);
    const last = batch.messages.at(-1);
    if (lane === undefined || last === undefined || !(await this.isReady(lane)) || payload.isStale()) return;
    lane.offer(batch.messages);
    lane.pass(Number(batch.lastOffset()));
    payload.resolveOffset(last.offset);
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

  private joined(join: ConsumerGroupJoinEvent['payload']): void {
    const { kept, opened } = this.lanes.assign(join.memberId, join.memberAssignment);
    // kafkajs goes back to the committed offset, also on a partition that is kept.
    for (const { origin, next } of kept)
      if (next !== undefined) this.consumer.seek({ ...origin, offset: String(next) });
    this.starts.seekHints([...kept, ...opened]);
    this.applyFlow();
    this.starts.fix(opened, this.running);
    this.committer.settled();
    this.coverage.joined(join);
  }

  private makeLane(topic: string, partition: number): PartitionLane | undefined {
    const reader = this.topics.get(topic);
    if (reader === undefined) return undefined;
    const params = paramsOf(reader.spec.topic, topic);
    const place = `kafka:${this.host.cluster}:${topic}:${partition}:`;
    const lane = new PartitionLane({ place, topic, partition, params }, reader);
    lane.whenSettled = () => { this.committer.settled(); }; // prettier-ignore
    lane.whenRoom = () => { this.flow.resume(lane); }; // prettier-ignore
    if (this.draining) void lane.drain();
    lane.whenFailed = (thrown) => { this.host.io.log.error(`${lane.name}: a batch was not taken`, thrown); }; // prettier-ignore
    return lane;
  }

  private applyFlow(): void {
    const { halted, isolation } = this.host;
    const keys = [...this.lanes].map(({ origin }) => keyOf(origin.topic, origin.partition));
    isolation.among(keys.filter((key) => !halted.has(key)));
    this.flow.apply();
  }

  private isHeld({ reader, origin }: PartitionLane): boolean {
    const key = keyOf(origin.topic, origin.partition);
    return this.draining || reader.quiet || this.host.halted.has(key) || this.host.isolation.holds(key);
  }

  private fail(cause: Error): void {
    if (this.over !== undefined) return;
    this.over = cause;
    this.end.abort(cause);
    this.host.down(this, cause);
  }

  private logged({ level, log }: LogEntry): void {
    const severity: number = level;
    if (severity <= WARN)
      this.complaint = log.error === undefined ? log.message : `${log.message}: ${String(log.error)}`;
    if (!log.message.startsWith('Offset out of range, resetting')) return;
    const lane = this.lanes.get(String(log.topic), Number(log.partition));
    if (lane === undefined) return;
    const { name, next, origin } = lane;
    void this.host.losses.find({ name, next, origin }, this.withAdmin);
    lane.rewind();
  }

  private committerHost(): ConstructorParameters<typeof Committer>[0] {
    const { io, settings, groupId } = this.host;
    return {
      clock: io.clock,
      intervalMs: settings.commitIntervalMs ?? 1_000,
      lanes: this.lanes,
      // A partition may hold markers and aborted records alone, of which kafkajs hands over no batch.
      commit: () => this.commit ?? ((offsets) => this.starts.commit(offsets)),
      failed: (cause) => { io.log.debug(`Group '${groupId}' could not commit, it tries again: ${cause.message}`); }, // prettier-ignore
    };
  }

  private readonly listTopics = (): Promise<string[]> => this.withAdmin((admin) => admin.listTopics());

  private readonly withAdmin: WithAdmin = async (ask) => {
    const admin = this.client.kafka.admin();
    try {
      await admin.connect();
      return await ask(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  };
}

import { Backoff, nextTurn, Serial, sleep, untilAborted, within } from '../../../async/index.js';
import { asError, errorOf, isMultiBrokerError } from '../../../errors/index.js';
import type { KafkaConnectionState } from '../connection-state.js';
import type { ClientFailures } from '../client/failure-port.js';
import { HaltedPartitions } from './halted-partitions.js';
import { GroupSession, type GroupSessionHost } from './group-session.js';
import { OffsetLoss } from './initial-offsets.js';
import { JoinRequest, whenAllAborted } from './join-request.js';
import type { TopicSubscription } from './partition-lane.js';
import { RefusedTopics } from './refused-topics.js';
import { DeletedTopics } from './subscribed-topics.js';

/** The driver that a group belongs to. */
export interface GroupHost extends Pick<GroupSessionHost, 'io' | 'settings' | 'cluster' | 'client' | 'makeClient'> {
  readonly connection: KafkaConnectionState;
}

/** Waits between attempts to rejoin, in milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** How long a flush may take, in milliseconds, and a second one when the group is left. */
const FLUSH_MS = 3_000;
const LEAVE_FLUSH_MS = 1_000;
/** How long `remove` waits until one of several topics is left, in milliseconds; it usually takes far less. */
const REMOVE_MS = 8_000;
/** How long running handlers may take to finish before the group rejoins, in milliseconds; then they are cut off. */
const DRAIN_MS = 5_000;

/**
 * One consumer group of one broker. A session, with a consumer of its own, is replaced when it crashes and when topics are
 * added or removed: kafkajs cannot change the topics of a running consumer. Starts and stops run one after
 * another.
 */
export class Group {
  private subscriptions: readonly TopicSubscription[] = [];
  /** Calls of `add` in progress. */
  private joining = 0;
  /** Taken in together by the next join. */
  private requests: JoinRequest[] = [];
  private session: GroupSession | undefined;
  /** Is joining the group. */
  private starting: GroupSession | undefined;
  private trouble: Error | undefined;
  private readonly halted: HaltedPartitions;
  private readonly refused: RefusedTopics;
  private readonly deleted: DeletedTopics;
  private readonly losses: OffsetLoss;
  private readonly serial = new Serial();
  private readonly over = new AbortController();

  constructor(
    readonly groupId: string,
    private readonly host: GroupHost,
  ) {
    this.halted = new HaltedPartitions(groupId, host.io, host.client.failures);
    this.refused = new RefusedTopics(groupId, host.io, host.client.failures);
    this.deleted = new DeletedTopics(groupId, host.io, (topic) => {
      this.halted.forget(topic);
      this.refused.forget(topic);
    });
    this.losses = new OffsetLoss(groupId, host.io);
  }

  /** Whether the group was left for good. */
  get isOver(): boolean {
    return this.over.signal.aborted;
  }

  /**
   * Adds topics. Resolves when their initial offsets are committed; rejects with none of them read. Calls that come
   * together, or during a join, share one join. The topics of before are read until then, and a topic that is missing
   * does not disturb them.
   */
  async add(subscriptions: readonly TopicSubscription[], signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.over.signal]);
    this.joining++;
    try {
      const request = new JoinRequest(subscriptions, either);
      this.requests.push(request);
      if (this.requests.length === 1) void this.serial.run(() => this.joinAll());
      await untilAborted(request.joined, either);
    } catch (thrown) {
      throw this.failure(subscriptions, asError(thrown));
    } finally {
      this.joining--;
    }
  }

  /** Takes nothing more for subscriptions that are quiet. */
  stopFetching(): void {
    this.session?.stopFetching();
  }

  /** Resolves when finished work is committed, or its time is over. Never rejects. */
  async flush(): Promise<void> {
    await this.session?.committer.flush(FLUSH_MS);
  }

  /**
   * Removes topics; with the last of them the group is left. Takes a bounded time and never rejects: rejoining for the
   * other topics goes on in the background, as the server may be away.
   */
  async remove(subscriptions: readonly TopicSubscription[]): Promise<void> {
    // Topics that were never read need no rejoin.
    const wasRead = this.reads(subscriptions);
    this.subscriptions = this.without(subscriptions);
    if (this.subscriptions.length === 0) {
      // A join in progress leaves this session first, and leaves the group for good if it fails.
      if (this.joining === 0) await this.close();
    } else if (wasRead && this.subscriptions.some(({ quiet }) => !quiet)) {
      const isJoined = this.session !== undefined;
      const left = this.serial.run(async () => {
        await this.drain();
        await this.leave();
      });
      void this.serial.run(() => this.rebuild());
      if (isJoined) await within(this.host.io.clock, left, REMOVE_MS);
    }
  }

  /** Leaves the group for good. Takes a bounded time and never rejects. */
  async close(): Promise<void> {
    this.over.abort(errorOf('MULTI_BROKER_STOPPED.groupLeft', { group: this.groupId }));
    await this.serial.run(() => this.leave());
    this.host.connection.restored(this.part);
  }

  healthIssues(): string[] {
    const unanswered = (this.session ?? this.starting)?.unanswered;
    const silent = this.session?.liveness.silentMs;
    const late = this.session?.committer.healthIssue;
    return [
      ...(this.trouble === undefined ? [] : [`Group '${this.groupId}' is rejoining: ${this.trouble.message}`]),
      ...(unanswered === undefined ? [] : [`Group '${this.groupId}': ${unanswered}`]),
      ...(silent === undefined || unanswered !== undefined
        ? []
        : [`Group '${this.groupId}' has had no answer from Kafka for ${Math.round(silent / 1_000)} s`]),
      ...(late === undefined ? [] : [`Group '${this.groupId}': ${late}`]),
      ...this.deleted.healthIssues,
      ...this.refused.healthIssues,
      ...(this.session?.unassigned.healthIssues ?? []),
      ...this.halted.healthIssues,
      ...this.losses.healthIssues,
    ];
  }

  /** Never rejects. */
  private async joinAll(): Promise<void> {
    await nextTurn();
    const requests = this.requests.filter(({ signal }) => !signal.aborted);
    this.requests = [];
    if (requests.length === 0) return;
    this.deleted.require(topicsOf(requests.flatMap(({ subscriptions }) => subscriptions)));
    try {
      await this.join(requests, whenAllAborted(requests));
    } catch (thrown) {
      for (const { reject } of requests) reject(asError(thrown));
    } finally {
      this.deleted.require();
    }
  }

  private async join(requests: readonly JoinRequest[], signal: AbortSignal): Promise<void> {
    const [prepared, admitted] = await this.prepareWith(requests, signal);
    if (prepared === undefined) return;
    const subscriptions = admitted.flatMap((request) => request.subscriptions);
    this.subscriptions = [...this.subscriptions, ...subscriptions];
    await this.drain();
    await this.leave();
    try {
      await this.startSession(signal, prepared);
      signal.throwIfAborted();
      for (const { resolve } of admitted) resolve();
    } catch (thrown) {
      // Only these: others may have been removed meanwhile. If these were removed, `remove` has started the rejoin.
      const isLeft = !this.reads(subscriptions);
      this.subscriptions = this.without(subscriptions);
      await this.leave();
      if (!isLeft && this.subscriptions.length > 0 && !this.isOver) this.rebuildAfter(asError(thrown));
      throw thrown;
    }
  }

  /**
   * A session, prepared while the previous one still reads, for the topics of both. Requests that cannot be read are
   * rejected; without any that can, there is no session.
   */
  private async prepareWith(
    requests: readonly JoinRequest[],
    signal: AbortSignal,
  ): Promise<[GroupSession | undefined, readonly JoinRequest[]]> {
    let left = requests;
    while (left.length > 0) {
      const session = await this.prepared(signal);
      const answers = await this.admit(session, left, signal);
      const refusals = left.map((request, index) => {
        return answers[index] ?? (request.signal.aborted ? asError(request.signal.reason) : undefined);
      });
      for (const [index, request] of left.entries()) if (refusals[index] !== undefined) request.reject(refusals[index]);
      left = left.filter((_, index) => refusals[index] === undefined);
      if (refusals.every((refusal) => refusal === undefined)) return [session, left];
      await session.dispose();
    }
    return [undefined, left];
  }

  private async admit(
    session: GroupSession,
    requests: readonly JoinRequest[],
    signal: AbortSignal,
  ): Promise<readonly (Error | undefined)[]> {
    const all = requests.map(({ subscriptions }) => subscriptions);
    try {
      return await session.admit(all, signal);
    } catch (thrown) {
      await session.dispose();
      throw this.explained(thrown, session);
    }
  }

  private reads(some: readonly TopicSubscription[]): boolean {
    return this.subscriptions.some((subscription) => some.includes(subscription));
  }

  private without(subscriptions: readonly TopicSubscription[]): readonly TopicSubscription[] {
    return this.subscriptions.filter((subscription) => !subscriptions.includes(subscription));
  }

  private get part(): string {
    return `group ${this.groupId}`;
  }

  /** Running handlers finish before partitions are given up: cut off, their messages would be handled twice. */
  private async drain(): Promise<void> {
    const { session } = this;
    if (session !== undefined && session.ended === undefined && !this.isOver) await session.drain(DRAIN_MS);
  }

  /** Commits finished work and leaves; other members, or the next session, get the partitions. */
  private async leave(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    if (session === undefined) return;
    if (session.ended === undefined) await session.committer.flush(LEAVE_FLUSH_MS);
    await session.dispose();
  }

  private async prepared(signal: AbortSignal): Promise<GroupSession> {
    const session = new GroupSession(this.sessionHost());
    try {
      await session.prepare(signal);
      return session;
    } catch (thrown) {
      await session.dispose();
      throw this.explained(thrown, session);
    }
  }

  private async startSession(signal: AbortSignal, prepared?: GroupSession): Promise<void> {
    for (let next = prepared; ; next = undefined) {
      const session = next ?? (await this.prepared(signal));
      this.starting = session;
      try {
        await session.start(signal);
        this.session = session;
        this.trouble = undefined;
        this.host.connection.restored(this.part);
        if (session.ended !== undefined) this.rebuildAfter(session.ended);
        return;
      } catch (thrown) {
        await session.dispose();
        // After an undecodable batch the next session leaves its partition out, or goes on searching for it.
        if (this.host.client.failures.undecodable(asError(thrown)) === undefined) throw this.explained(thrown, session);
      } finally {
        this.starting = undefined;
      }
    }
  }

  private rebuildAfter(cause: Error): void {
    const { io, connection } = this.host;
    const { session } = this;
    this.trouble = cause;
    connection.lost(this.part, cause);
    const params = { group: this.groupId, broker: io.broker, reason: cause.message };
    const error = errorOf('MULTI_BROKER_CONSUMER_FAILED', params, { cause });
    io.log.warn(error.message);
    void this.serial.run(async () => {
      // Otherwise a join has replaced the session meanwhile.
      if (this.session === session) await this.rebuild();
    });
  }

  /** Retries until it succeeds, no topic is left to read, or the group is left. */
  private async rebuild(): Promise<void> {
    await this.drain();
    await this.leave();
    const { signal } = this.over;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    while (this.subscriptions.length > 0 && !signal.aborted) {
      try {
        await this.startSession(signal);
        return;
      } catch (thrown) {
        this.trouble = asError(thrown);
        this.host.io.log.debug(`Group '${this.groupId}' could not be joined, retrying: ${this.trouble.message}`);
      }
      await sleep(this.host.io.clock, backoff.next(), signal);
    }
  }

  private sessionHost(): GroupSessionHost {
    return {
      ...this.host,
      groupId: this.groupId,
      subscriptions: this.subscriptions,
      halted: this.halted,
      refused: this.refused,
      deleted: this.deleted,
      losses: this.losses,
      onSessionEnded: (session, cause) => {
        this.halted.consumerEnded(cause);
        this.refused.consumerEnded(cause, session.topicNames);
        if (session === this.session && !this.isOver) this.rebuildAfter(cause);
      },
    };
  }

  /** A time-out does not say what it waited for; the client's last warning does. */
  private explained(thrown: unknown, { complaint }: GroupSession): Error {
    const { name, failures } = this.host.client;
    const cause = withForeignMembers(asError(thrown), failures);
    if (complaint === undefined || isMultiBrokerError(cause)) return cause;
    return new Error(`${cause.message} (${name}: ${complaint})`, { cause });
  }

  private failure(subscriptions: readonly TopicSubscription[], cause: Error): Error {
    if (isMultiBrokerError(cause)) return cause;
    const sources = subscriptions.map(({ spec }) => spec.name).join(', ');
    const params = { broker: this.host.io.broker, sources, reason: cause.message };
    return errorOf('MULTI_BROKER_SUBSCRIBE_FAILED.kafka', params, { cause });
  }
}

const topicsOf = (subscriptions: readonly TopicSubscription[]): string[] =>
  subscriptions.flatMap(({ spec: { topic } }) => (typeof topic === 'string' ? [topic] : []));

/**
 * Explains a refused join. The Java client's default assigners, `[Range, CooperativeSticky]`, are not those of this
 * library, and the server refuses a member without an assigner in common. With the newer protocol the server assigns.
 */
function withForeignMembers(thrown: Error, failures: Pick<ClientFailures, 'protocolError'>): Error {
  if (failures.protocolError(thrown) !== 'INCONSISTENT_GROUP_PROTOCOL') return thrown;
  const what =
    `${thrown.message}: other members of the group use other assigners. ` +
    'Members of the Java client share a group with this library by group.protocol=consumer';
  return new Error(what, { cause: thrown });
}

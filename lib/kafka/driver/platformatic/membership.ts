import type { Consumer } from '@platformatic/kafka';
import { Backoff, sleep, untilAborted } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import { ASSIGNER, type ConsumerListeners, type GroupJoin } from '../client/consumer-port.js';
import { isRetriable, protocolError, sentenceOf } from './failures.js';
import { JOIN, type PendingRequests } from './pending.js';
import type { Platformatic } from '../../platformatic/options.js';
import { intercept } from './requests.js';
import { ServerAssignment } from './server-assignment.js';

/** A consumer whose keys, values and headers are bytes. */
export type BytesConsumer = Consumer;

/** The consumer that is to be a member. */
export interface MembershipHost {
  readonly io: DriverContext;
  readonly platformatic: Platformatic;
  readonly consumer: BytesConsumer;
  readonly listeners: ConsumerListeners;
  readonly pending: PendingRequests;
  /** Of KIP-848, where the server assigns. */
  readonly byServer: boolean;
  /** Whether it tries for ever. */
  readonly persistent: boolean;
  readonly topics: ReadonlySet<string>;
  /** The group rejoins: what is fetched now may be another member's soon. */
  suspend(): void;
  /** A new assignment; before the listeners hear of it. */
  assigned(join: Pick<GroupJoin, 'memberId' | 'assignment' | 'hasSkipped'>): void;
  /** After they have. */
  resume(): void;
  crash(cause: Error): void;
}

interface OpenedStream {
  close(): Promise<void>;
  destroy(): void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** The attempts of a member that does not try for ever. */
const ATTEMPTS = 8;
/** Refusals of a join that another attempt gets past: the client has taken what they say into account. */
const JOINS_AGAIN = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'MEMBER_ID_REQUIRED']);

/**
 * A member of a group, by the classic protocol or by KIP-848. The client sends heartbeats by a timer and joins again by itself
 * when one says so; where that fails it gives up for good, with an `error` event, so that it is joined here.
 */
export class Membership {
  private readonly over = new AbortController();
  private joining: Promise<void> | undefined;
  private known: string | undefined;
  private generation: number | undefined;
  private readonly server: ServerAssignment;

  constructor(private readonly host: MembershipHost) {
    const { consumer, listeners, topics } = host;
    const { clock } = host.io;
    const changed = (): void => this.lookAtAssignment();
    this.server = new ServerAssignment({
      clock,
      consumer,
      topics,
      revoking: (all) => listeners.revoking(all),
      changed,
    });
    if (host.byServer) intercept(consumer, host.platformatic, { ConsumerGroupHeartbeat: this.server.heartbeats });
    consumer.on('consumer:group:rebalance', () => {
      if (!host.byServer) host.suspend();
      listeners.rebalancing();
    });
    consumer.on('consumer:group:join', ({ isLeader = false, generationId }) => this.joined(isLeader, generationId));
    consumer.on('consumer:heartbeat:end', () => {
      host.pending.answered();
      this.lookAtAssignment();
    });
    consumer.on('consumer:heartbeat:error', ({ error }) => this.heartbeatFailed(error));
    (consumer as { on(event: 'error', listener: (error: Error) => void): unknown }).on('error', (error) => {
      host.listeners.complained(sentenceOf(error));
      void this.join();
    });
  }

  /** Resolves when the group is joined, or it is over. Does not reject. */
  join(): Promise<void> {
    this.joining ??= this.untilJoined().finally(() => {
      this.joining = undefined;
    });
    return this.joining;
  }

  /** Resolves when no join is in progress. */
  async settled(): Promise<void> {
    await this.joining;
  }

  /** Nothing is told any more. */
  end(): void {
    this.over.abort();
  }

  private get isOver(): boolean {
    return this.over.signal.aborted;
  }

  private async untilJoined(): Promise<void> {
    const { host } = this;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    for (let attempt = 1; !this.isOver; attempt++) {
      try {
        await host.pending.watch(JOIN, host.byServer ? this.subscribe() : this.joinGroup());
        return;
      } catch (thrown) {
        const cause = asError(thrown);
        host.listeners.complained(sentenceOf(cause));
        if (isFinal(cause) || (!host.persistent && attempt >= ATTEMPTS)) {
          host.crash(cause);
          return;
        }
      }
      await sleep(host.io.clock, backoff.next(), this.over.signal);
    }
  }

  /** Of a join that the member itself wants, the client tells nothing. */
  private async joinGroup(): Promise<void> {
    const { consumer, listeners } = this.host;
    if (consumer.isActive()) {
      this.host.suspend();
      listeners.rebalancing();
    }
    await consumer.joinGroup({});
  }

  /**
   * By KIP-848 the client joins only for a stream of messages. This one is closed before it fetches: the topics that it takes
   * with it are named again before the next heartbeat.
   */
  private async subscribe(): Promise<void> {
    const { consumer, topics } = this.host;
    if (consumer.isActive()) return;
    const stream = await this.opened();
    try {
      await untilAborted(stream.close(), this.over.signal);
    } finally {
      // Beside a stream that is not over the client refuses to close, and its heartbeats keep the process alive.
      stream.destroy();
    }
    for (const topic of topics) if (!consumer.topics.has(topic)) consumer.topics.track(topic);
    this.lookAtAssignment();
    // The server may assign at the next heartbeat only, 5 s later by default: without its partitions it has not begun.
    if (Object.keys(this.server.current).length === 0) await this.nextHeartbeat();
  }

  /** A stream that is opened while the client is killed fails before a promise could tell of it. */
  private opened(): Promise<OpenedStream> {
    const { consumer, topics } = this.host;
    return new Promise((resolve, reject) => {
      consumer.consume({ topics: [...topics], autocommit: false }, (error, stream) => {
        stream?.on('error', () => undefined);
        if (stream === undefined) reject(error ?? new Error('No stream of messages was opened'));
        else resolve(stream);
      });
    });
  }

  private nextHeartbeat(): Promise<void> {
    const { consumer } = this.host;
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => resolve();
      consumer.once('consumer:heartbeat:end', over);
      consumer.once('consumer:heartbeat:error', over);
      this.over.signal.addEventListener('abort', over, { once: true });
    });
  }

  private joined(isLeader: boolean, generation?: number): void {
    if (this.host.byServer) {
      this.lookAtAssignment();
      return;
    }
    const { consumer, topics, listeners } = this.host;
    const given = consumer.assignments ?? [];
    const foreign = given.filter(({ topic }) => !topics.has(topic)).map(({ topic }) => topic);
    if (foreign.length > 0 && !this.isOver) listeners.foreignTopics(foreign);
    const own = given.filter(({ topic }) => topics.has(topic));
    const assignment = Object.fromEntries(own.map(({ topic, partitions }) => [topic, [...partitions]]));
    // Of a generation that it has missed, the member does not know who had its partitions.
    const hasSkipped = (generation ?? 0) > (this.generation ?? Infinity) + 1;
    this.generation = generation;
    this.tell({ isLeader, assigner: '', assignment, hasSkipped });
  }

  /** The client tells of no change that the server makes to the assignment. */
  private lookAtAssignment(): void {
    const { byServer, consumer } = this.host;
    if (!byServer || consumer.memberId === null || (this.known === undefined && !this.server.isKnown)) return;
    const { current: assignment } = this.server;
    const now = JSON.stringify([consumer.memberId, assignment]);
    if (now === this.known) return;
    this.known = now;
    this.tell({ isLeader: false, assigner: ASSIGNER, assignment });
  }

  private tell(told: Omit<GroupJoin, 'memberId'>): void {
    if (this.isOver) return;
    const join = { memberId: this.host.consumer.memberId ?? '', ...told };
    this.host.assigned(join);
    this.host.listeners.joined(join);
    this.host.resume();
  }

  private heartbeatFailed(error: Error): void {
    this.host.listeners.complained(sentenceOf(error));
    this.lookAtAssignment();
    // By KIP-848 the client repeats the heartbeat of a member that the server has dropped, which is refused each time.
    if (this.host.byServer && FORGOTTEN.has(protocolError(error) ?? '')) this.host.crash(error);
  }
}

const FORGOTTEN = new Set(['UNKNOWN_MEMBER_ID', 'UNRELEASED_INSTANCE_ID', 'FENCED_INSTANCE_ID', 'GROUP_ID_NOT_FOUND']);

function isFinal(cause: Error): boolean {
  const type = protocolError(cause);
  if (type === undefined) return !isRetriable(cause);
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' || !(JOINS_AGAIN.has(type) || isRetriable(cause));
}

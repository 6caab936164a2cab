import type { Consumer } from '@platformatic/kafka';
import { Backoff, sleep } from '../../../async/index.js';
import type { DriverContext } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import { ASSIGNER, type Assignment, type ConsumerListeners } from '../client/consumer-port.js';
import { isRetriable, protocolError, sentenceOf } from './failures.js';
import { JOIN, type PendingRequests } from './pending.js';

/** A consumer whose keys, values and headers are bytes. */
export type BytesConsumer = Consumer;

/** The consumer that is to be a member. */
export interface MembershipHost {
  readonly io: DriverContext;
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
  assigned(memberId: string, assignment: Assignment): void;
  /** After they have. */
  resume(): void;
  crash(cause: Error): void;
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

  constructor(private readonly host: MembershipHost) {
    const { consumer, listeners } = host;
    consumer.on('consumer:group:rebalance', () => {
      if (!host.byServer) host.suspend();
      listeners.rebalancing();
    });
    consumer.on('consumer:group:join', ({ isLeader = false }) => this.joined(isLeader));
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
        await host.pending.watch<unknown>(JOIN, host.byServer ? this.subscribe() : host.consumer.joinGroup({}));
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

  /**
   * By KIP-848 the client joins only for a stream of messages. This one is closed before it fetches: the topics that it takes
   * with it are named again before the next heartbeat.
   */
  private async subscribe(): Promise<void> {
    const { consumer, topics } = this.host;
    if (consumer.isActive()) return;
    const stream = await consumer.consume({ topics: [...topics], autocommit: false });
    stream.on('error', () => undefined);
    await stream.close();
    for (const topic of topics) if (!consumer.topics.has(topic)) consumer.topics.track(topic);
    this.lookAtAssignment();
    // The server may assign at the next heartbeat only, 5 s later by default: without its partitions it has not begun.
    if ((consumer.assignments ?? []).length === 0) await this.nextHeartbeat();
  }

  private nextHeartbeat(): Promise<void> {
    const { consumer } = this.host;
    return new Promise((resolve) => {
      const over = (): void => resolve();
      consumer.once('consumer:heartbeat:end', over);
      consumer.once('consumer:heartbeat:error', over);
      this.over.signal.addEventListener('abort', over, { once: true });
    });
  }

  private joined(isLeader: boolean): void {
    if (this.host.byServer) this.lookAtAssignment();
    else this.tell(isLeader, '');
  }

  /** The client tells of no change that the server makes to the assignment. */
  private lookAtAssignment(): void {
    const { consumer, byServer } = this.host;
    if (!byServer || consumer.assignments === null || consumer.memberId === null) return;
    const now = JSON.stringify([consumer.memberId, consumer.assignments]);
    if (now !== this.known) this.tell(false, ASSIGNER);
    this.known = now;
  }

  private tell(isLeader: boolean, assigner: string): void {
    const { consumer, listeners, topics } = this.host;
    if (this.isOver) return;
    const memberId = consumer.memberId ?? '';
    const given = consumer.assignments ?? [];
    const foreign = given.filter(({ topic }) => !topics.has(topic)).map(({ topic }) => topic);
    if (foreign.length > 0) listeners.foreignTopics(foreign);
    const own = given.filter(({ topic }) => topics.has(topic));
    const assignment = Object.fromEntries(own.map(({ topic, partitions }) => [topic, [...partitions]]));
    this.host.assigned(memberId, assignment);
    listeners.joined({ memberId, isLeader, assigner, assignment });
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

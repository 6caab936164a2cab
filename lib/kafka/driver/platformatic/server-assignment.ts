import type { Consumer } from '@platformatic/kafka';
import { type Clock, within } from '../../../async/index.js';
import type { Assignment } from '../client/consumer-port.js';
import { protocolError } from './failures.js';
import type { Answer, Between } from './requests.js';

/** The member that the server assigns partitions to. */
export interface ServerAssignmentHost {
  readonly clock: Clock;
  readonly consumer: Pick<Consumer, 'metadata'>;
  readonly topics: ReadonlySet<string>;
  /** Resolves when nothing is done any more with what the server takes away. */
  revoking(assignment: Assignment): Promise<void>;
  /** Something was taken away: from within, not by an answer of the server. */
  changed(): void;
}

interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** What is read of the server's answer to a heartbeat. */
interface Heartbeat {
  readonly heartbeatIntervalMs: number;
  readonly assignment?: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

interface Owned {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  isLeaving: boolean;
}

/** The places of a heartbeat's arguments. */
const EPOCH = 2;
const OWNED = 9;
const ANSWER = 10;
/** How long an answer waits for partitions that are given back at once, and when the next heartbeat tells of others. */
const QUICK_MS = 100;
const SOON_MS = 250;

/**
 * The partitions of a member by KIP-848, as heartbeats tell them. The client gives up what the server takes away before anyone
 * could have finished with it, and does not know the name of a topic that was made anew.
 */
export class ServerAssignment {
  private readonly owned = new Map<string, Owned>();
  private readonly names = new Map<string, string>();
  private given: readonly TopicPartitions[] | undefined;
  /** What has just been given back, as `topic/partition`: it is told as lost even where the server has assigned it again. */
  private returned: ReadonlySet<string> = new Set();

  constructor(private readonly host: ServerAssignmentHost) {}

  /** Whether the server has told it. */
  get isKnown(): boolean {
    return this.given !== undefined;
  }

  get current(): Assignment {
    return byTopic([...this.owned.values()].filter((one) => !this.returned.has(placeOf(one))));
  }

  /** Stands between the client's heartbeats and the server. */
  readonly heartbeats: Between =
    (send) =>
    (connection, ...args) => {
      const answer = args.at(-1) as Answer;
      if (args.length !== ANSWER + 1 || !Array.isArray(args[OWNED])) {
        answer(new Error('The client sends heartbeats in a form that is not known'));
        return;
      }
      const epoch = Number(args[EPOCH]);
      // It joins: what it had may have been another member's meanwhile.
      if (epoch === 0) this.forget();
      if (epoch > 0) args[OWNED] = this.withLeaving(args[OWNED] as readonly TopicPartitions[]);
      args[ANSWER] = (error: Error | null, response?: unknown): void => {
        if (protocolError(error) === 'FENCED_MEMBER_EPOCH') this.forget();
        if (epoch < 0 || response === undefined || response === null) answer(error, response);
        else void this.take(response as Heartbeat).then((taken) => answer(error, taken));
      };
      send(connection, ...args);
    };

  private async take(heartbeat: Heartbeat): Promise<Heartbeat> {
    const given = heartbeat.assignment?.topicPartitions;
    if (given !== undefined) {
      this.given = given;
      await this.learn();
      this.adopt();
      await within(this.host.clock, this.release(), QUICK_MS);
    }
    if (!this.isLeaving) return heartbeat;
    return { ...heartbeat, heartbeatIntervalMs: Math.min(heartbeat.heartbeatIntervalMs, SOON_MS) };
  }

  private get isLeaving(): boolean {
    return [...this.owned.values()].some((one) => one.isLeaving);
  }

  /** The names of topics. One that was made anew is not in what the client knows, and one that is gone fails all others. */
  private async learn(): Promise<void> {
    const { topics } = this.host;
    if (this.isNamed()) return;
    await this.ask([...topics], false);
    for (const topic of topics) {
      if (this.isNamed()) return;
      await this.ask([topic], true);
    }
  }

  private isNamed(): boolean {
    return this.given?.every(({ topicId }) => this.names.has(topicId)) ?? true;
  }

  private async ask(topics: string[], forceUpdate: boolean): Promise<void> {
    const asked = this.host.consumer.metadata({ topics, autocreateTopics: false, forceUpdate });
    const found = await asked.catch(() => undefined);
    // Its types do not know of topics that it leaves out.
    const all = (found?.topics ?? []) as Iterable<[string, { readonly id: string } | undefined]>;
    for (const [name, topic] of all) if (topic !== undefined) this.names.set(topic.id, name);
  }

  private adopt(): void {
    for (const { topicId, partitions } of this.given ?? []) {
      const topic = this.names.get(topicId);
      if (topic === undefined) continue;
      for (const partition of partitions) {
        const key = `${topicId}/${partition}`;
        if (!this.owned.has(key)) this.owned.set(key, { topicId, topic, partition, isLeaving: false });
      }
    }
  }

  /** Resolves when what the server has taken away is over. */
  private async release(): Promise<void> {
    const kept = new Set(
      this.given?.flatMap(({ topicId, partitions }) => partitions.map((one) => `${topicId}/${one}`)),
    );
    const going = [...this.owned].filter(([key, one]) => !kept.has(key) && !one.isLeaving);
    if (going.length === 0) return;
    for (const [, one] of going) one.isLeaving = true;
    const partitions = going.map(([, one]) => one);
    await this.host.revoking(byTopic(partitions)).catch(() => undefined);
    for (const [key, one] of going) if (this.owned.get(key) === one) this.owned.delete(key);
    this.returned = new Set(partitions.map(placeOf));
    this.host.changed();
    this.returned = new Set();
    this.adopt();
    this.host.changed();
  }

  /** While they are told as its own, the server gives them to nobody else, for `rebalanceTimeout` at most. */
  private withLeaving(told: readonly TopicPartitions[]): TopicPartitions[] {
    const all = new Map(told.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
    for (const { topicId, partition, isLeaving } of this.owned.values())
      if (isLeaving) all.set(topicId, (all.get(topicId) ?? new Set()).add(partition));
    return [...all].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }));
  }

  private forget(): void {
    const had = this.owned.size > 0;
    this.owned.clear();
    this.given = undefined;
    if (had) this.host.changed();
  }
}

const placeOf = ({ topic, partition }: Owned): string => `${topic}/${partition}`;

function byTopic(all: readonly Owned[]): Assignment {
  const found: Record<string, number[]> = {};
  for (const { topic, partition } of all) (found[topic] ??= []).push(partition);
  for (const [topic, partitions] of Object.entries(found))
    found[topic] = [...new Set(partitions)].sort((a, b) => a - b);
  return found;
}

import type { BrokerUse, Finding } from '../../driver/index.js';
import { asError } from '../../errors/index.js';
import { type WantedTopic, wantedTopics } from '../new-topics.js';
import type { KafkaCommonSettings } from '../settings.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import type { TopicPattern } from '../topic-pattern.js';
import type { Admin } from './client/admin-port.js';
import type { ClientFailures } from './client/failure-port.js';

/** The parts of an admin that only read. */
type Reader = Pick<Admin, 'listTopics' | 'partitionCounts' | 'committed'>;

/** Where the cluster keeps offsets: asking for those of a group would create it. */
const OFFSETS = '__consumer_offsets';

/**
 * Compares topics and groups with those of a cluster. Whether this client may read and write is not compared, as kafkajs
 * cannot ask for it; what it may not describe is `forbidden`.
 */
export class ClusterInspection {
  private readonly wanted: ReadonlyMap<string, WantedTopic>;

  constructor(
    private readonly admin: Reader,
    private readonly failures: Pick<ClientFailures, 'protocolError'>,
    settings: Pick<KafkaCommonSettings, 'topics' | 'addresses' | 'prefix'>,
  ) {
    this.wanted = new Map(wantedTopics(settings).map((topic) => [topic.name, topic]));
  }

  async findings({ sources, destinations }: BrokerUse): Promise<readonly Finding[]> {
    const read = sources as readonly KafkaSourceSpec[];
    const there = new Set(await this.admin.listTopics());
    const fixed = destinations.filter(({ fill }) => fill === undefined);
    const named = [...read.flatMap(({ topic }) => (typeof topic === 'string' ? [topic] : [])), ...this.wanted.keys()];
    const topics = new Set([...named, ...fixed.map(({ address }) => address)]);
    const found: (Finding | undefined)[] = [];
    for (const topic of topics) found.push(await this.topic(topic, there));
    for (const { topic } of read) if (typeof topic !== 'string') found.push(this.noMatch(topic, there));
    for (const groupId of groupsOf(read)) found.push(await this.group(groupId, there));
    return found.filter((finding) => finding !== undefined);
  }

  /** A topic that this client may not describe is not in the list, and only the error of a question tells it apart. */
  private async topic(name: string, there: ReadonlySet<string>): Promise<Finding | undefined> {
    const partitions = this.wanted.get(name)?.partitions;
    if (there.has(name) && partitions === undefined) return undefined;
    try {
      const found = (await this.admin.partitionCounts([name])).get(name);
      return found === undefined || partitions === undefined ? undefined : otherCount(name, found, partitions);
    } catch (thrown) {
      return this.notDescribed(name, this.failures.protocolError(thrown), thrown);
    }
  }

  private notDescribed(name: string, type: string | undefined, thrown: unknown): Finding {
    const topic = { what: 'topic', name };
    if (type === 'TOPIC_AUTHORIZATION_FAILED') {
      return { ...topic, problem: 'forbidden', text: 'this client may not describe it, or it does not exist' };
    }
    if (type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw asError(thrown);
    const wanted = this.wanted.get(name);
    if (wanted === undefined) return { ...topic, problem: 'missing', text: 'the cluster does not have it' };
    const text = `a start creates it with ${wanted.partitions} partition(s)`;
    return { ...topic, problem: 'missing', text, created: true };
  }

  private noMatch(pattern: TopicPattern, there: ReadonlySet<string>): Finding | undefined {
    if ([...there].some((name) => pattern.matches(name))) return undefined;
    const missing = { problem: 'missing', what: 'topic', name: String(pattern) } as const;
    const created = [...this.wanted.keys()].find((name) => pattern.matches(name));
    if (created === undefined) return { ...missing, text: 'no topic of the cluster matches it' };
    return { ...missing, text: `a start creates ${created}, which matches it`, created: true };
  }

  /** The offsets of a group are there for who may describe it. */
  private async group(groupId: string, there: ReadonlySet<string>): Promise<Finding | undefined> {
    if (!there.has(OFFSETS)) return undefined;
    try {
      await this.admin.committed(groupId, []);
      return undefined;
    } catch (thrown) {
      if (this.failures.protocolError(thrown) !== 'GROUP_AUTHORIZATION_FAILED') throw thrown;
      return { problem: 'forbidden', what: 'group', name: groupId, text: 'this client may not use it' };
    }
  }
}

function otherCount(name: string, found: number, wanted: number): Finding | undefined {
  if (found === wanted) return undefined;
  return {
    problem: 'differs',
    what: 'topic',
    name,
    text: `it has ${found} partition(s), and \`topics\` says ${wanted}`,
  };
}

const groupsOf = (sources: readonly KafkaSourceSpec[]): ReadonlySet<string> =>
  new Set(sources.map(({ groupId }) => groupId));

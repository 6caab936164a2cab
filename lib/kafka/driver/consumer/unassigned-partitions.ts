import type { DriverContext } from '../../../driver/index.js';
import { asError, errorFrom, type Problem, problemOf } from '../../../errors/index.js';
import { within } from '../../../async/index.js';
import type { Admin, GroupDescription } from '../client/admin-port.js';
import { ASSIGNER, type GroupJoin } from '../client/consumer-port.js';
import { keyOf } from './assigned-partitions.js';
import type { WithAdmin } from './initial-offsets.js';

/** The member of a group that looks for unassigned partitions. */
export interface UnassignedPartitionsHost {
  readonly io: DriverContext;
  readonly groupId: string;
  readonly withAdmin: WithAdmin;
  /** The topics that this member reads. */
  topics(): readonly string[];
}

/** How long a leader may take to ask the cluster, in milliseconds: the whole group waits meanwhile. */
const COUNT_MS = 3_000;

/**
 * Finds partitions that no member of a group reads: where members read different topics, a leader of another client
 * leaves some out.
 */
export class UnassignedPartitions {
  private found = new Map<string, Problem>();
  private expected: Problem[] = [];

  constructor(private readonly host: UnassignedPartitionsHost) {}

  /** What is unread since the last join, a sentence each. */
  get healthIssues(): readonly string[] {
    return [...this.found.keys()];
  }

  /** The number of partitions of topics that only other members read, for a leader's assigner. Never rejects. */
  async count(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { io, groupId, withAdmin } = this.host;
    const counts = new Map<string, number>();
    const asked = withAdmin((admin) => addPartitionCounts(counts, admin, topics));
    await within(io.clock, asked, COUNT_MS);
    for (const topic of topics.filter((one) => !counts.has(one)))
      this.expected.push(problemOf('MULTI_BROKER_PARTITIONS_UNREAD.uncounted', { group: groupId, topic }));
    return counts;
  }

  /**
   * The leader gave this member partitions of topics that it does not read; comes before the join.
   */
  given(topics: readonly string[]): void {
    for (const topic of topics)
      this.expected.push(problemOf('MULTI_BROKER_PARTITIONS_UNREAD.given', { group: this.host.groupId, topic }));
  }

  joined({ memberId, isLeader, assigner }: Pick<GroupJoin, 'memberId' | 'isLeader' | 'assigner'>): void {
    const before = this.found;
    const found = (this.found = new Map<string, Problem>());
    const add = (gaps: readonly Problem[]): void => {
      for (const gap of gaps) {
        if (!before.has(gap.what) && !found.has(gap.what)) this.tell(gap);
        found.set(gap.what, gap);
      }
    };
    add(this.expected);
    this.expected = [];
    // Where our assigner is not common to all members, another client may lead.
    if (!isLeader && assigner !== ASSIGNER) void this.look(memberId).then(add);
  }

  private async look(memberId: string): Promise<Problem[]> {
    const { io, groupId, withAdmin } = this.host;
    try {
      return await withAdmin((admin) => this.unread(admin, memberId));
    } catch (thrown) {
      io.log.debug(`Group '${groupId}' could not be described: ${asError(thrown).message}`);
      return [];
    }
  }

  private async unread(admin: Admin, memberId: string): Promise<Problem[]> {
    const { groupId } = this.host;
    const group = await admin.group(groupId);
    // Otherwise it is rebalancing, and the next join looks again.
    if (group?.isStable !== true || !group.members.some((member) => member.memberId === memberId)) return [];
    const counts = new Map<string, number>();
    await addPartitionCounts(counts, admin, this.host.topics());
    return [...unreadOf(group, counts)].map(([topic, unread]) => {
      const params = { group: groupId, unread, partitions: counts.get(topic) ?? unread, topic };
      return problemOf('MULTI_BROKER_PARTITIONS_UNREAD.otherLeader', params);
    });
  }

  private tell(gap: Problem): void {
    const { broker, log } = this.host.io;
    log.warn(errorFrom(gap, { broker }).message);
  }
}

/**
 * Adds how many partitions topics have. The whole question fails because of one topic that is gone or may not be
 * read: then each is asked for by itself, and left out where the cluster does not tell.
 */
export async function addPartitionCounts(
  counts: Map<string, number>,
  admin: Pick<Admin, 'partitionCounts'>,
  topics: readonly string[],
): Promise<void> {
  try {
    for (const [name, count] of await admin.partitionCounts(topics)) counts.set(name, count);
  } catch {
    if (topics.length > 1) for (const topic of topics) await addPartitionCounts(counts, admin, [topic]);
  }
}

/** How many partitions of each topic no member has that reads the topic; topics of which each is read are left out. */
export function unreadOf(
  { members }: Pick<GroupDescription, 'members'>,
  counts: ReadonlyMap<string, number>,
): Map<string, number> {
  const read = new Set<string>();
  for (const { topics, assignment } of members) {
    for (const [topic, partitions] of Object.entries(assignment))
      if (topics.has(topic)) for (const partition of partitions) read.add(keyOf(topic, partition));
  }
  const unread = new Map<string, number>();
  for (const [topic, count] of counts)
    for (let partition = 0; partition < count; partition++)
      if (!read.has(keyOf(topic, partition))) unread.set(topic, (unread.get(topic) ?? 0) + 1);
  return unread;
}

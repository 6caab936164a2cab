import type { Admin, ConsumerGroupJoinEvent } from 'kafkajs';

import type { Io } from '../../../driver/index.js';
import { asError, MultiBrokerError } from '../../../errors/index.js';
import { within } from '../within.js';
import { OURS } from './assigner.js';
import type { AssignerProtocol } from './member-metadata.js';
import { addPartitionCounts } from './partition-counts.js';
import type { WithAdmin } from './start-positions.js';
import { unreadOf } from './unread.js';

export interface CoverageHost {
  readonly io: Io;
  readonly groupId: string;
  readonly protocol: AssignerProtocol;
  readonly withAdmin: WithAdmin;
  /** The topics that this member reads. */
  topics(): readonly string[];
}

/** How long a leader asks the cluster, in milliseconds: meanwhile the whole group waits. */
const COUNT_MS = 3_000;

/**
 * Finds what nobody of a group reads: where members read different topics, a leader of another client leaves some
 * out.
 */
export class Coverage {
  private found = new Set<string>();
  private coming = new Set<string>();

  constructor(private readonly host: CoverageHost) {}

  /** What nobody reads since the last join, a sentence each. */
  get gaps(): readonly string[] {
    return [...this.found];
  }

  /** How many partitions topics of other members have, for the assigner of a leader. Never rejects. */
  async count(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { io, groupId, withAdmin } = this.host;
    const counts = new Map<string, number>();
    const asked = withAdmin((admin) => addPartitionCounts(counts, admin, topics));
    await within(io.clock, asked, COUNT_MS);
    for (const topic of topics.filter((one) => !counts.has(one)))
      this.coming.add(
        `Group '${groupId}' does not read '${topic}': the cluster does not tell its leader the partitions`,
      );
    return counts;
  }

  /**
   * The leader gave this member partitions of topics that it does not read. kafkajs tells so before it tells the
   * join.
   */
  given(topics: readonly string[]): void {
    for (const topic of topics)
      this.coming.add(
        `A member of group '${this.host.groupId}' was given partitions of '${topic}', which it does not read`,
      );
  }

  joined({ memberId, isLeader, groupProtocol }: ConsumerGroupJoinEvent['payload']): void {
    const before = this.found;
    const found = (this.found = new Set<string>());
    const add = (gaps: Iterable<string>): void => {
      for (const gap of gaps) {
        if (!before.has(gap) && !found.has(gap)) this.tell(gap);
        found.add(gap);
      }
    };
    add(this.coming);
    this.coming = new Set();
    // Where ours is not what all have in common, one of another client may lead.
    if (!isLeader && groupProtocol !== OURS) void this.look(memberId).then(add);
  }

  private async look(memberId: string): Promise<string[]> {
    const { io, groupId, withAdmin } = this.host;
    try {
      return await withAdmin((admin) => this.unread(admin, memberId));
    } catch (thrown) {
      io.log.debug(`Group '${groupId}' could not be described: ${asError(thrown).message}`);
      return [];
    }
  }

  private async unread(admin: Admin, memberId: string): Promise<string[]> {
    const { groupId, protocol } = this.host;
    const [group] = (await admin.describeGroups([groupId])).groups;
    // Else it is being joined anew: that join looks again.
    if (group?.state !== 'Stable' || !group.members.some((member) => member.memberId === memberId)) return [];
    const counts = new Map<string, number>();
    await addPartitionCounts(counts, admin, this.host.topics());
    return [...unreadOf(group, counts, protocol)].map(
      ([topic, count]) =>
        `Group '${groupId}' does not read ${count} of the ${counts.get(topic) ?? count} partitions of '${topic}': its leader, of another client, gave them to none who would`,
    );
  }

  private tell(gap: string): void {
    const { broker, log } = this.host.io;
    log.warn(new MultiBrokerError('MULTI_BROKER_PARTITIONS_UNREAD', gap, { broker }).message);
  }
}

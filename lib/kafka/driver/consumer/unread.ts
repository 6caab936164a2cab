import type { GroupDescription } from 'kafkajs';

import { keyOf } from './lanes.js';
import { type AssignerProtocol, decode } from './member-metadata.js';

/** How many partitions of each topic no member has that reads the topic; topics of which each is read are left out. */
export function unreadOf(
  { members }: Pick<GroupDescription, 'members'>,
  counts: ReadonlyMap<string, number>,
  protocol: AssignerProtocol,
): Map<string, number> {
  const read = new Set<string>();
  for (const member of members) {
    const { topics } = decode(protocol, member);
    for (const [topic, partitions] of Object.entries(assignmentOf(protocol, member.memberAssignment)))
      if (topics.has(topic)) for (const partition of partitions) read.add(keyOf(topic, partition));
  }
  const unread = new Map<string, number>();
  for (const [topic, count] of counts)
    for (let partition = 0; partition < count; partition++)
      if (!read.has(keyOf(topic, partition))) unread.set(topic, (unread.get(topic) ?? 0) + 1);
  return unread;
}

/** A member without partitions may have been sent nothing at all. */
const assignmentOf = ({ MemberAssignment }: AssignerProtocol, assignment: Buffer): Record<string, number[]> =>
  MemberAssignment.decode(assignment)?.assignment ?? {};

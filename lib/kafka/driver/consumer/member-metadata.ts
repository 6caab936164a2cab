import type { GroupMember } from 'kafkajs';

import type { KafkaClient } from '../../load-client.js';

/** kafkajs's encoding of what the members and the leader of a group tell each other. */
export type AssignerProtocol = KafkaClient['AssignerProtocol'];

/** What a member told when it joined. */
export interface Member {
  readonly memberId: string;
  /** The topics that it reads, and how many partitions it knows of each; 0 where it did not tell. */
  readonly topics: ReadonlyMap<string, number>;
}

/**
 * Of the protocol between members, not of an assigner. A later one has more fields, which kafkajs does not write and
 * the server would read.
 */
export const VERSION = 0;

/**
 * What a member tells. How many partitions it knows of is among it, for the leader asks the cluster for its own topics
 * alone. When there are more, what is told differs, and so the server lets the group join anew: of a member that joins
 * again with the same it takes no notice, unless it leads.
 */
export function encode({ MemberMetadata }: AssignerProtocol, topics: ReadonlyMap<string, number>): Buffer {
  const userData = Buffer.from(JSON.stringify({ partitions: [...topics.values()] }));
  return MemberMetadata.encode({ version: VERSION, topics: [...topics.keys()], userData });
}

/** A member whose metadata cannot be read reads no topic, as far as is known. Never throws: kafkajs would crash. */
export function decode(
  { MemberMetadata }: AssignerProtocol,
  { memberId, memberMetadata }: Pick<GroupMember, 'memberId' | 'memberMetadata'>,
): Member {
  try {
    const { topics = [], userData } = MemberMetadata.decode(memberMetadata) ?? {};
    const partitions = partitionsOf(userData);
    return { memberId, topics: new Map(topics.map((topic, index) => [topic, partitions[index] ?? 0])) };
  } catch {
    return { memberId, topics: new Map() };
  }
}

/** Other clients leave it empty, or tell something else in it. */
function partitionsOf(userData: Buffer | undefined): number[] {
  try {
    const told: unknown = JSON.parse(String(userData));
    const partitions: unknown = (told as { partitions?: unknown } | null)?.partitions;
    return Array.isArray(partitions)
      ? partitions.map((count) => (Number.isSafeInteger(count) ? Number(count) : 0))
      : [];
  } catch {
    return [];
  }
}

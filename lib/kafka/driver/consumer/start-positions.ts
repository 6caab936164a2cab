import type { Admin } from 'kafkajs';

import { keyOf } from './lanes.js';

/** What asks the cluster; opened for a question and closed after it, for an idle connection costs 3 % of a core. */
export type WithAdmin = <T>(ask: (admin: Admin) => Promise<T>) => Promise<T>;

/** kafkajs commits this where an offset is gone from the server: begin with the oldest. */
const EARLIEST = -2;

/** Committed offsets by partition. A negative one: nothing is committed. */
export async function committedOf(admin: Admin, groupId: string, topics: string[]): Promise<Map<string, number>> {
  const offsets = new Map<string, number>();
  if (topics.length === 0) return offsets;
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics })) {
    for (const { partition, offset } of partitions) offsets.set(keyOf(topic, partition), Number(offset));
  }
  return offsets;
}

/**
 * Where a group that begins with what comes from now on starts: the ends of those topics that it has committed nothing
 * of. Of a topic that it knows, a partition without a committed offset is one that was added: its messages count.
 */
export async function endsOfNew(admin: Admin, groupId: string, topics: string[]): Promise<Map<string, number>> {
  const committed = await committedOf(admin, groupId, topics);
  const ends = new Map<string, number>();
  for (const topic of topics) {
    const known = [...committed].some(
      ([key, offset]) => key.startsWith(`${topic}/`) && (offset >= 0 || offset === EARLIEST),
    );
    if (known) continue;
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(keyOf(topic, partition), Number(high));
  }
  return ends;
}

/** The oldest offsets. */
export async function beginningsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const beginnings = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, low } of await admin.fetchTopicOffsets(topic))
      beginnings.set(keyOf(topic, partition), Number(low));
  }
  return beginnings;
}

import type { Admin } from 'kafkajs';

/**
 * Adds how many partitions topics have. kafkajs fails the whole question because of one topic that is gone or may not
 * be read: then each is asked for by itself, and left out where the cluster does not tell.
 */
export async function addPartitionCounts(
  counts: Map<string, number>,
  admin: Pick<Admin, 'fetchTopicMetadata'>,
  topics: readonly string[],
): Promise<void> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
    for (const { name, partitions } of metadata.topics) counts.set(name, partitions.length);
  } catch {
    if (topics.length > 1) for (const topic of topics) await addPartitionCounts(counts, admin, [topic]);
  }
}

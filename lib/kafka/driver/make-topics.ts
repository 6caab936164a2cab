import type { Admin } from 'kafkajs';

import type { Io } from '../../driver/index.js';
import { asError, MultiBrokerError } from '../../errors/index.js';
import type { WantedTopic } from '../wanted-topics.js';

/**
 * Makes the topics that are missing. What is there is left as it is; where another replica of the application makes
 * one at the same time, one of the two does.
 */
export async function makeTopics(admin: Admin, wanted: readonly WantedTopic[], io: Pick<Io, 'broker' | 'log'>) {
  if (wanted.length === 0) return;
  const names = new Set(await admin.listTopics());
  const there = wanted.filter(({ name }) => names.has(name));
  if (there.length > 0) await tellDifferences(admin, there, io);
  // One after another: of several, one that is made by somebody else meanwhile would hide why another one failed.
  for (const topic of wanted) if (!names.has(topic.name)) await make(admin, topic, io);
}

async function make(admin: Admin, topic: WantedTopic, { broker, log }: Pick<Io, 'broker' | 'log'>): Promise<void> {
  const { name, partitions: numPartitions, replication: replicationFactor = -1, config = {} } = topic;
  const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  try {
    const made = await admin.createTopics({
      topics: [{ topic: name, numPartitions, replicationFactor, configEntries }],
      waitForLeaders: true,
    });
    if (made) log.info(`Broker '${broker}' has made the topic '${name}' with ${numPartitions} partitions`);
  } catch (thrown) {
    const cause = asError(thrown);
    const what = `Broker '${broker}' could not make the topic '${name}': ${reasonOf(cause)}`;
    throw new MultiBrokerError('MULTI_BROKER_TOPIC_CREATE_FAILED', what, { broker, cause });
  }
}

/** kafkajs has one error for any number of topics, which says of none why. */
function reasonOf(cause: Error & { readonly errors?: readonly Error[] }): string {
  return cause.errors?.map(({ message }) => message).join('; ') ?? cause.message;
}

async function tellDifferences(
  admin: Admin,
  wanted: readonly WantedTopic[],
  { broker, log }: Pick<Io, 'broker' | 'log'>,
) {
  const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map(({ name }) => name) });
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  for (const { name, partitions } of wanted) {
    const found = counts.get(name) ?? partitions;
    if (found === partitions) continue;
    log.warn(`Broker '${broker}': the topic '${name}' has ${found} partitions, not ${partitions}; it is left as it is`);
  }
}

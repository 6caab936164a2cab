import type { DriverContext } from '../../driver/index.js';
import { asError, errorOf } from '../../errors/index.js';
import type { WantedTopic } from '../new-topics.js';
import type { Admin } from './client/admin-port.js';

/**
 * Creates missing topics, and leaves existing ones unchanged. If another replica of the application creates one at the
 * same time, one of the two succeeds, which is enough.
 */
export async function createTopics(
  admin: Admin,
  wanted: readonly WantedTopic[],
  io: Pick<DriverContext, 'broker' | 'log'>,
) {
  if (wanted.length === 0) return;
  const names = new Set(await admin.listTopics());
  const there = wanted.filter(({ name }) => names.has(name));
  if (there.length > 0) await tellDifferences(admin, there, io);
  // One after another: in one request, a topic that was created meanwhile would hide why another one failed.
  for (const topic of wanted) if (!names.has(topic.name)) await make(admin, topic, io);
}

async function make(
  admin: Admin,
  topic: WantedTopic,
  { broker, log }: Pick<DriverContext, 'broker' | 'log'>,
): Promise<void> {
  const { name, partitions } = topic;
  try {
    const made = await admin.createTopic(topic);
    if (made) log.info(`Broker '${broker}' created the topic '${name}' with ${partitions} partitions`);
  } catch (thrown) {
    const cause = asError(thrown);
    const params = { broker, topic: name, reason: reasonOf(cause) };
    throw errorOf('MULTI_BROKER_TOPIC_CREATE_FAILED', params, { cause });
  }
}

/** The error of a request for several topics need not say why (kafkajs): those of the topics do. */
function reasonOf(cause: Error & { readonly errors?: readonly Error[] }): string {
  return cause.errors?.map(({ message }) => message).join('; ') ?? cause.message;
}

async function tellDifferences(
  admin: Admin,
  wanted: readonly WantedTopic[],
  { broker, log }: Pick<DriverContext, 'broker' | 'log'>,
) {
  const counts = await admin.partitionCounts(wanted.map(({ name }) => name));
  for (const { name, partitions } of wanted) {
    const found = counts.get(name) ?? partitions;
    if (found === partitions) continue;
    log.warn(
      `Broker '${broker}': the topic '${name}' has ${found} partitions, not ${partitions}; it is left unchanged`,
    );
  }
}

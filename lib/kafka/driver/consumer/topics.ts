import type { Consumer } from 'kafkajs';

import { type Clock, sleep } from '../../../driver/index.js';
import { MultiBrokerError } from '../../../errors/index.js';
import type { DeletedTopics } from './deleted-topics.js';
import type { Reader } from './partition-lane.js';

/**
 * Which reader each topic belongs to, but for those that were deleted. Asks the cluster only where a RegExp has to be
 * matched, or a topic may be there again.
 */
export async function readersByTopic(
  readers: readonly Reader[],
  deleted: DeletedTopics,
  admin: () => Promise<string[]>,
): Promise<Map<string, Reader>> {
  const found = new Map<string, Reader>();
  for (const reader of readers) {
    if (typeof reader.spec.topic === 'string') found.set(reader.spec.topic, reader);
  }
  const patterns = readers.filter(({ spec }) => typeof spec.topic !== 'string');
  const names = patterns.length > 0 || deleted.any ? await admin() : [];
  if (deleted.any) deleted.compare([], names);
  for (const reader of patterns) match(reader, [...names, ...deleted], found);
  for (const topic of deleted) found.delete(topic);
  return found;
}

function match(reader: Reader, names: readonly string[], found: Map<string, Reader>): void {
  const { spec } = reader;
  const matching = names.filter(
    (name) => !name.startsWith('__') && typeof spec.topic !== 'string' && spec.topic.test(name),
  );
  if (matching.length === 0) {
    throw new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', `No topic matches ${spec.address}`);
  }
  for (const name of matching) {
    const other = found.get(name);
    if (other !== undefined) {
      const what = `Both ${other.spec.name} and ${spec.name} match the topic '${name}', and each message would go to one of the two`;
      throw new MultiBrokerError('MULTI_BROKER_SOURCE_CLASH', what);
    }
    found.set(name, reader);
  }
}

/** How often a topic that the cluster does not know is asked for again: it may be making it at this moment. */
const ASKS = 5;
const ASK_AGAIN_MS = 200;

/** Tells kafkajs the topics. Rejects with MULTI_BROKER_SUBSCRIBE_FAILED where the cluster does not have one. */
export async function subscribeTo(
  consumer: Pick<Consumer, 'subscribe'>,
  topics: string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let ask = 1; ; ask++) {
    try {
      // Always from the beginning: it also decides where kafkajs goes on when an offset is gone from the server.
      await consumer.subscribe({ topics, fromBeginning: true });
      return;
    } catch (cause) {
      if (!isUnknownTopic(cause) || signal.aborted) throw cause;
      if (ask < ASKS) await sleep(clock, ASK_AGAIN_MS, signal);
      else
        throw new MultiBrokerError(
          'MULTI_BROKER_SUBSCRIBE_FAILED',
          `The cluster does not have each of: ${topics.join(', ')}`,
          { cause },
        );
    }
  }
}

const isUnknownTopic = (thrown: unknown): boolean =>
  (thrown as { type?: unknown } | null)?.type === 'UNKNOWN_TOPIC_OR_PARTITION';

/** Groups of a RegExp in a topic's name: by number from 0, and by name. */
export function paramsOf(topic: string | RegExp, name: string): Readonly<Record<string, string>> | undefined {
  if (typeof topic === 'string') return undefined;
  const groups = topic.exec(name);
  if (groups === null) return undefined;
  const numbered = groups.slice(1).map((value, index): [string, string | undefined] => [String(index), value]);
  const all = [...numbered, ...Object.entries(groups.groups ?? {})];
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

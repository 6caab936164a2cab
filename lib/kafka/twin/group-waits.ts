import { type BusWait, reaches } from '../../twin/index.js';
import type { ConsumerGroup, Share } from './consumer-group.js';

/** What waits for a group, partition by partition: for the member that has it, or for one that is to come. */
export function* groupWaits(broker: string, groupId: string, group: ConsumerGroup): Iterable<BusWait> {
  for (const share of group.shares()) {
    const messages = waitingFor(broker, share);
    if (messages === 0) continue;
    const lane = `${share.topic.name}[${share.partition}]`;
    yield { why: share.isRead ? 'queued' : 'unread', lane, messages, what: `group ${groupId}` };
  }
}

function waitingFor(broker: string, { topic, partition, next }: Share): number {
  const log = topic.partition(partition);
  let messages = 0;
  for (let offset = Math.max(next, log.first); offset < log.end; offset++) {
    const stored = log.at(offset);
    if (stored !== undefined && reaches(stored, broker)) messages++;
  }
  return messages;
}

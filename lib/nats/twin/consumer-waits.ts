import type { BusWait } from '../../twin/index.js';
import { positionInStream } from './positions.js';
import type { TwinConsumer } from './twin-consumer.js';
import type { TwinStream } from './twin-stream.js';

/** What waits for a durable: what its server would deliver again, and when; and what it has, where nobody reads. */
export function* consumerWaits(stream: TwinStream, consumer: TwinConsumer): Iterable<BusWait> {
  const { durable } = consumer;
  const lane = `${stream.name}/${durable}`;
  for (const { seq, dueAt, nacked } of consumer.waiting()) {
    const stored = stream.log.at(seq);
    // The stream keeps it no longer, or it was delivered as often as may be: it does not come again.
    if (stored === undefined || consumer.isLast(seq)) continue;
    const { address, timestamp } = stored;
    const position = positionInStream(consumer.broker, stream.name, seq, timestamp);
    yield { why: nacked ? 'redelivery' : 'ack-wait', lane, messages: 1, message: { address, position }, dueAt };
  }
  const { ready: messages, isRead } = consumer;
  if (messages > 0) yield { why: isRead ? 'queued' : 'unread', lane, messages, what: `durable ${durable}` };
}

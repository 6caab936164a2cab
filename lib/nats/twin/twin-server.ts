import type { Clock } from '../../async/index.js';
import { type BacklogEntry, IN_ORDER, type Random, store, type Stored, type BacklogSource } from '../../twin/index.js';
import { subjectMatches, subjectsOverlap } from '../subject.js';
import { positionInStream } from './arrivals.js';
import { CoreSubscriptions } from './core-subscriptions.js';
import type { TwinConsumer } from './twin-consumer.js';
import { type StreamRefusal, type TwinPubAck, TwinStream } from './twin-stream.js';
import type { StreamConfig } from '../driver/connection/jetstream-port.js';

/**
 * The server that all NATS brokers of a module share. Subjects and streams are common to them; queue groups and durable
 * consumers belong to one broker.
 */
export class TwinServer implements BacklogSource {
  readonly subscriptions: CoreSubscriptions;
  private readonly streams = new Map<string, TwinStream>();
  private messages = 0;
  private inboxes = 0;

  /** @param clock the module's clock, which all its twins share */
  constructor(
    private readonly clock: Clock,
    random: Random = IN_ORDER,
  ) {
    this.subscriptions = new CoreSubscriptions(random);
  }

  /**
   * Accepts a message: the stream that captures its subject stores it, and core subscriptions get it in either case.
   */
  publish(message: Stored): Published {
    const stream = this.capturing(message.address);
    const ack = stream?.append(message);
    // A duplicate that the stream drops still reaches core subscriptions: the server routes before it stores.
    const receivers = this.route(message);
    if (ack !== undefined && message.replyTo !== undefined) this.route(answer(message.replyTo, ack, message.timestamp));
    return { receivers, ack };
  }

  stream(name: string): TwinStream | undefined {
    return this.streams.get(name);
  }

  /** Callers check with {@link overlapping} first that no other stream has the subjects. */
  addStream(config: Partial<StreamConfig>): TwinStream {
    const stream = new TwinStream(config, this.clock);
    this.streams.set(stream.name, stream);
    return stream;
  }

  /** The stream that captures this subject. */
  capturing(subject: string): TwinStream | undefined {
    for (const stream of this.streams.values()) {
      if (stream.subjects.some((pattern) => subjectMatches(pattern, subject))) return stream;
    }
    return undefined;
  }

  /** A stream whose subjects overlap with these: the server refuses a second one. */
  overlapping(subjects: readonly string[]): TwinStream | undefined {
    for (const stream of this.streams.values()) {
      if (stream.subjects.some((one) => subjects.some((other) => subjectsOverlap(one, other)))) return stream;
    }
    return undefined;
  }

  /** Messages that wait for the durables of this broker. */
  *backlog(broker: string): Iterable<BacklogEntry> {
    for (const stream of this.streams.values()) {
      for (const consumer of stream.consumersOf(broker)) yield* consumerBacklog(stream, consumer);
    }
  }

  newInbox(): string {
    return `_INBOX.twin.${++this.inboxes}`;
  }

  private route(message: Stored): number {
    return this.subscriptions.route(message, ++this.messages);
  }
}

/** A stream sends its PubAck to any reply subject, also to that of a request. */
function answer(address: string, ack: TwinPubAck | StreamRefusal, timestamp: number): Stored {
  return store(address, { body: Buffer.from(JSON.stringify(pubAck(ack))) }, timestamp);
}

function pubAck(ack: TwinPubAck | StreamRefusal): object {
  if ('error' in ack) return ack;
  const { stream, seq, duplicate } = ack;
  return { stream, seq, ...(duplicate && { duplicate }) };
}

/** Outcome of a publish. */
export interface Published {
  /** Number of core subscriptions and queue groups that got it. */
  readonly receivers: number;
  /** The stream's acknowledgement, if a stream captures the subject. */
  readonly ack: TwinPubAck | StreamRefusal | undefined;
}

/** The messages that wait for a durable: redeliveries with their time, and those that no reader takes. */
export function* consumerBacklog(stream: TwinStream, consumer: TwinConsumer): Iterable<BacklogEntry> {
  const { durable } = consumer;
  const lane = `${stream.name}/${durable}`;
  for (const { seq, dueAt, nacked } of consumer.waiting()) {
    const stored = stream.log.at(seq);
    // Dropped by the stream, or delivered `max_deliver` times: it is not redelivered.
    if (stored === undefined || consumer.isLast(seq)) continue;
    const { address, timestamp } = stored;
    const position = positionInStream(consumer.broker, stream.name, seq, timestamp);
    yield { why: nacked ? 'redelivery' : 'ack-wait', lane, messages: 1, message: { address, position }, dueAt };
  }
  const { ready: messages, isRead } = consumer;
  if (messages > 0) yield { why: isRead ? 'queued' : 'unread', lane, messages, what: `durable ${durable}` };
}

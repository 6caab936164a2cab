import type { StreamConfig } from 'nats';

import type { Clock } from '../../driver/index.js';
import { type BusWait, IN_ORDER, type Random, store, type Stored, type TellingBus } from '../../twin/index.js';
import { subjectMatches, subjectsOverlap } from '../subject-match.js';
import { consumerWaits } from './consumer-waits.js';
import { Interest } from './interest.js';
import { type StreamRefusal, type TwinPubAck, TwinStream } from './twin-stream.js';

/**
 * The bus: what all NATS brokers of a module share. Subjects and streams are everybody's; queue groups and durable
 * consumers belong to their broker.
 */
export class TwinServer implements TellingBus {
  readonly interest: Interest;
  readonly #streams = new Map<string, TwinStream>();
  #messages = 0;
  #inboxes = 0;

  /** The clock of the module: all its twins have the same. */
  constructor(
    private readonly clock: Clock,
    random: Random = IN_ORDER,
  ) {
    this.interest = new Interest(random);
  }

  /**
   * Takes a message in: the stream that captures its subject keeps it, and core subscriptions see it whichever way it
   * was published.
   */
  publish(message: Stored): Published {
    const stream = this.capturing(message.address);
    const ack = stream?.append(message);
    // What a stream drops as a duplicate still reaches core subscriptions: the server routes before it stores.
    const receivers = this.#route(message);
    if (ack !== undefined && message.replyTo !== undefined)
      this.#route(answer(message.replyTo, ack, message.timestamp));
    return { receivers, ack };
  }

  stream(name: string): TwinStream | undefined {
    return this.#streams.get(name);
  }

  /** Whether the subjects are free is asked before, by {@link overlapping}. */
  addStream(config: Partial<StreamConfig>): TwinStream {
    const stream = new TwinStream(config, this.clock);
    this.#streams.set(stream.name, stream);
    return stream;
  }

  /** The stream that keeps messages of this subject. */
  capturing(subject: string): TwinStream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.subjects.some((pattern) => subjectMatches(pattern, subject))) return stream;
    }
    return undefined;
  }

  /** A stream that already keeps some subject of these: the server refuses a second one. */
  overlapping(subjects: readonly string[]): TwinStream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.subjects.some((one) => subjects.some((other) => subjectsOverlap(one, other)))) return stream;
    }
    return undefined;
  }

  /** Of the durables of this broker. */
  *waits(broker: string): Iterable<BusWait> {
    for (const stream of this.#streams.values()) {
      for (const consumer of stream.consumersOf(broker)) yield* consumerWaits(stream, consumer);
    }
  }

  newInbox(): string {
    return `_INBOX.twin.${++this.#inboxes}`;
  }

  #route(message: Stored): number {
    return this.interest.route(message, ++this.#messages);
  }
}

/** A stream answers whoever expects an answer, a request included. */
function answer(address: string, ack: TwinPubAck | StreamRefusal, timestamp: number): Stored {
  return store(address, { body: Buffer.from(JSON.stringify(pubAck(ack))) }, timestamp);
}

function pubAck(ack: TwinPubAck | StreamRefusal): object {
  if ('error' in ack) return ack;
  const { stream, seq, duplicate } = ack;
  return { stream, seq, ...(duplicate && { duplicate }) };
}

/** What became of a published message. */
export interface Published {
  /** Core subscriptions and queue groups that got it. */
  readonly receivers: number;
  /** The stream's acknowledgement, where one keeps it. */
  readonly ack: TwinPubAck | StreamRefusal | undefined;
}

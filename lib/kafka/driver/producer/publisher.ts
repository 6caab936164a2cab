import { setMaxListeners } from 'node:events';
import { Backoff, type Clock, sleep, untilAborted } from '../../../async/index.js';
import type { Outcome, Outgoing } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import type { LeftOut } from '../../record-headers.js';
import type { ClientFailures } from '../client/failure-port.js';
import type { KafkaProducer } from './kafka-producer.js';
import { type RecordToSend, recordToSend, rounds, type TopicPartitions } from './batch-plan.js';
import { failureOf, isUnknownTopic, PublishOutcomes, type SendFailure } from './publish-outcomes.js';

/** The driver that a publisher belongs to. */
export interface PublisherHost extends SendAttemptsHost {
  readonly broker: string;
  readonly leftOut: Pick<LeftOut, 'of'>;
}

/**
 * Publishes batches, with an outcome for each message. Each message has one partition, picked once. kafkajs's own retry
 * loses messages when it regroups them (51 of 101; #1303), so it is off: failed messages are retried here, each
 * partition by itself.
 */
export class Publisher {
  private readonly attempts: SendAttempts;

  constructor(private readonly host: PublisherHost) {
    this.attempts = new SendAttempts(host);
  }

  /** Never rejects. */
  async publish(topic: string, batch: readonly Outgoing[]): Promise<Outcome[]> {
    const outcomes = new PublishOutcomes(topic, this.host.broker, batch.length);
    const { leftOut } = this.host;
    const left = await this.learn(
      outcomes,
      batch.map((outgoing, place) => recordToSend(outgoing, place, leftOut)),
    );
    this.host.topics.assign(
      topic,
      left.map(({ message }) => message),
    );
    for (const round of rounds(left)) {
      const portions = round.map((portion) => outcomes.inOrder(portion)).filter(({ length }) => length > 0);
      if (portions.length > 0) await this.send(outcomes, portions);
    }
    return outcomes.all;
  }

  /** Gives up what is being sent, its outcome unknown, and sends nothing more. */
  close(): void {
    this.attempts.close();
  }

  /** A client tells partitions only during a send: to a new topic one message goes first. */
  private async learn(outcomes: PublishOutcomes, records: readonly RecordToSend[]): Promise<readonly RecordToSend[]> {
    const [first, ...others] = records;
    if (first === undefined || this.host.topics.knows(outcomes.topic)) return records;
    await this.attempts.send(outcomes, [first]);
    if (this.host.topics.knows(outcomes.topic)) return others;
    outcomes.failAsFirst();
    return [];
  }

  /**
   * Portions of several partitions go as one request for each node, as a server answers the requests of a connection
   * one after another. If one fails, kafkajs rejects all, so then each goes alone; sound ones may be repeated.
   */
  private async send(outcomes: PublishOutcomes, portions: readonly (readonly RecordToSend[])[]): Promise<void> {
    const together = portions.length > 1 && !this.host.idempotent;
    const failure = together ? await this.attempts.once(outcomes, portions.flat()) : undefined;
    if (together && failure === undefined) return;
    const left = portions.filter(([first]) => first !== undefined && !outcomes.isConfirmed(first));
    await Promise.all(
      left.map((portion) => this.attempts.send(outcomes, portion, failure !== undefined && failure.repick !== true)),
    );
  }
}

/** The driver whose messages are sent. */
export interface SendAttemptsHost {
  readonly clock: Clock;
  readonly topics: TopicPartitions;
  readonly producer: Pick<KafkaProducer, 'send' | 'renew' | 'mayBePoisoned'>;
  readonly failures: Pick<ClientFailures, 'send'>;
  /** Attempts after the first. */
  readonly retries: number;
  readonly idempotent: boolean;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** Some 1.5 s, in which a cluster creates a topic on demand. */
const UNKNOWN_TOPIC_RETRIES = 4;

/** Sends messages until they are confirmed or given up. */
export class SendAttempts {
  private readonly closing = new AbortController();
  private renewing: Promise<void> | undefined;

  constructor(private readonly host: SendAttemptsHost) {
    // Each send in progress listens, and there is one for each topic: with more than 10 Node would warn of a leak.
    setMaxListeners(0, this.closing.signal);
  }

  /** Gives up what is being sent, its outcome unknown, and sends nothing more. */
  close(): void {
    this.closing.abort(new Error('The broker is being closed'));
  }

  /** One attempt, for messages of any partitions. Notes confirmed messages; returns a failure. */
  async once(outcomes: PublishOutcomes, records: readonly RecordToSend[]): Promise<SendFailure | undefined> {
    const { signal } = this.closing;
    if (signal.aborted) return givenUp(signal, 'no');
    try {
      const messages = records.map(({ message }) => message);
      const receipts = await untilAborted(this.host.producer.send(outcomes.topic, messages), signal);
      return outcomes.confirm(records, receipts) ? undefined : this.partitionGone(outcomes.topic);
    } catch (thrown) {
      return thrown === signal.reason ? givenUp(signal, 'maybe') : failureOf(asError(thrown), this.host.failures);
    }
  }

  /**
   * Messages of one partition, with retries. Refused messages are split until only those fail that are to blame.
   */
  async send(outcomes: PublishOutcomes, records: readonly RecordToSend[], maybe = false): Promise<void> {
    let renewed = false;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    for (let attempt = 0; ; attempt++) {
      const failure = await this.once(outcomes, records);
      if (failure === undefined) return;
      maybe ||= failure.written === 'maybe';
      if (failure.isOfOneMessage && records.length > 1) return this.split(outcomes, records, maybe);
      // kafkajs would reuse the sequence for the next message, which the server would then take for this one.
      if (failure.written === 'maybe' && this.host.idempotent) await this.renew();
      if (this.mayRepeat(failure, attempt)) {
        await sleep(this.host.clock, backoff.next(), this.closing.signal);
      } else if (isUnknownTopic(failure) && !renewed && this.host.producer.mayBePoisoned()) {
        renewed = true;
        await this.renew();
      } else {
        outcomes.fail(records, failure, maybe);
        return;
      }
    }
  }

  private mayRepeat(failure: SendFailure, attempt: number): boolean {
    const { retries } = this.host;
    const most = isUnknownTopic(failure) ? Math.min(UNKNOWN_TOPIC_RETRIES, retries) : retries;
    return failure.retryable && !failure.repick && attempt < most && !this.closing.signal.aborted;
  }

  private async split(outcomes: PublishOutcomes, records: readonly RecordToSend[], maybe: boolean): Promise<void> {
    const middle = records.length >> 1;
    await this.send(outcomes, records.slice(0, middle), maybe);
    const later = outcomes.inOrder(records.slice(middle));
    if (later.length > 0) await this.send(outcomes, later, maybe);
  }

  private partitionGone(topic: string): SendFailure {
    this.host.topics.forget(topic);
    const cause = new Error('A partition does not exist any more');
    const code = 'MULTI_BROKER_PUBLISH_UNCONFIRMED';
    return { code, written: 'no', retryable: true, repick: true, isOfOneMessage: false, cause };
  }

  private async renew(): Promise<void> {
    this.renewing ??= this.host.producer
      .renew()
      .catch(() => undefined)
      .finally(() => {
        this.renewing = undefined;
      });
    await this.renewing;
  }
}

/** The broker was closed before or during the send. */
function givenUp(signal: AbortSignal, written: 'no' | 'maybe'): SendFailure {
  const code = written === 'no' ? 'MULTI_BROKER_NOT_CONNECTED' : 'MULTI_BROKER_PUBLISH_UNCONFIRMED';
  return { code, written, retryable: true, isOfOneMessage: false, cause: asError(signal.reason) };
}

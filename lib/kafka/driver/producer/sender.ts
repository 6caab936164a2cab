import type { RecordMetadata } from 'kafkajs';

import { type Clock, type Outcome, type Outgoing, type Receipt, sleep } from '../../../driver/index.js';
import { asError, PublishError } from '../../../errors/index.js';
import { unlessAborted } from '../within.js';
import { type Failure, failureOf, isUnknownTopic } from './failure.js';
import { type Parcel, parcel, portions } from './parcels.js';
import type { ProducerLink } from './producer-link.js';
import type { TopicTable } from './topic-table.js';

/** What a sender needs. */
export interface SenderHost {
  readonly broker: string;
  readonly clock: Clock;
  readonly topics: TopicTable;
  readonly producer: Pick<ProducerLink, 'send' | 'renew' | 'mayBePoisoned'>;
  /** Attempts after the first. */
  readonly retries: number;
  readonly idempotent: boolean;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** Some 1.5 s, in which a cluster makes a topic by itself. */
const UNKNOWN_TOPIC_RETRIES = 4;

/**
 * Writes batches, with an outcome for each message. Each message has one partition, picked once, and each request one
 * partition: kafkajs's own retry of several loses what it regroups (51 of 101 messages; #1303), and repeats the sound
 * ones for each that fails.
 */
export class Sender {
  private readonly closing = new AbortController();
  private renewing: Promise<void> | undefined;

  constructor(private readonly host: SenderHost) {}

  /** Never rejects. */
  async publish(topic: string, batch: readonly Outgoing[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array<Outcome>(batch.length);
    const write = new Write(topic, outcomes);
    let parcels = batch.map(parcel);
    const first = parcels[0];
    if (first !== undefined && !this.host.topics.knows(topic)) {
      // kafkajs tells the partitions only to its partitioner, while it sends.
      await this.send(write, [first]);
      parcels = parcels.slice(1);
      if (!this.host.topics.knows(topic)) return fill(outcomes);
    }
    this.host.topics.assign(
      topic,
      parcels.map(({ message }) => message),
    );
    await Promise.all(portions(parcels).map((some) => this.sendAll(write, some)));
    return outcomes;
  }

  /** What is under way is given up, its outcome unknown; nothing is sent any more. */
  close(): void {
    this.closing.abort(new Error('The broker is being closed'));
  }

  private async sendAll(write: Write, portions: readonly Parcel[][]): Promise<void> {
    for (const portion of portions) await this.send(write, portion);
  }

  /** Messages of one partition: until they are confirmed, or given up. */
  private async send(write: Write, parcels: readonly Parcel[]): Promise<void> {
    let maybe = false;
    let renewed = false;
    for (let attempt = 0, waitMs = FIRST_WAIT_MS; ; attempt++, waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      const failure = await this.once(write, parcels);
      if (failure === undefined) return;
      maybe ||= failure.written === 'maybe';
      if (failure.guilty && parcels.length > 1) return this.split(write, parcels);
      if (failure.written === 'maybe' && this.host.idempotent) await this.renew();
      if (failure.retryable && attempt < this.retries(failure) && !this.closing.signal.aborted) {
        await sleep(this.host.clock, waitMs, this.closing.signal);
      } else if (isUnknownTopic(failure) && !renewed && this.host.producer.mayBePoisoned()) {
        renewed = true;
        await this.renew();
      } else {
        this.fail(write, parcels, failure, maybe);
        return;
      }
    }
  }

  private async once(write: Write, parcels: readonly Parcel[]): Promise<Failure | undefined> {
    const { signal } = this.closing;
    if (signal.aborted) return givenUp(signal, 'no');
    try {
      const messages = parcels.map(({ message }) => message);
      const receipts = await unlessAborted(this.host.producer.send({ topic: write.topic, messages }), signal);
      return write.confirm(parcels, receipts) ? undefined : this.partitionGone(write.topic);
    } catch (thrown) {
      return thrown === signal.reason ? givenUp(signal, 'maybe') : failureOf(asError(thrown));
    }
  }

  /** kafkajs drops the messages of a partition that the topic does not have, and resolves. */
  private partitionGone(topic: string): Failure {
    this.host.topics.forget(topic);
    const cause = new Error('The partition does not exist any more');
    return { code: 'MULTI_BROKER_PUBLISH_UNCONFIRMED', written: 'no', retryable: false, guilty: false, cause };
  }

  /** Until only the guilty ones fail. Those before them in the batch may have been written before: they are repeated. */
  private async split(write: Write, parcels: readonly Parcel[]): Promise<void> {
    const middle = parcels.length >> 1;
    await this.send(write, parcels.slice(0, middle));
    await this.send(write, parcels.slice(middle));
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

  private retries(failure: Failure): number {
    return isUnknownTopic(failure) ? Math.min(UNKNOWN_TOPIC_RETRIES, this.host.retries) : this.host.retries;
  }

  private fail(write: Write, parcels: readonly Parcel[], failure: Failure, maybe: boolean): void {
    const { broker } = this.host;
    const { code, cause } = failure;
    const what = `Broker '${broker}' could not publish to topic '${write.topic}': ${cause.message}`;
    // An earlier attempt may have arrived, whatever the last one says.
    const written = maybe ? 'maybe' : failure.written;
    const unknown = isUnknownTopic(failure);
    const retryable = unknown ? false : failure.retryable || code === 'MULTI_BROKER_PUBLISH_UNCONFIRMED';
    const error = new PublishError(code, what, { broker, cause, retryable, written });
    for (const { place } of parcels) write.outcomes[place] = { error };
  }
}

/** The broker was closed before, or while, it was sent. */
function givenUp(signal: AbortSignal, written: 'no' | 'maybe'): Failure {
  const code = written === 'no' ? 'MULTI_BROKER_NOT_CONNECTED' : 'MULTI_BROKER_PUBLISH_UNCONFIRMED';
  return { code, written, retryable: true, guilty: false, cause: asError(signal.reason) };
}

/** The batch that is being written. */
class Write {
  constructor(
    readonly topic: string,
    readonly outcomes: Outcome[],
  ) {}

  /** False when the receipt of the partition is missing. */
  confirm(parcels: readonly Parcel[], receipts: readonly RecordMetadata[]): boolean {
    const partition = parcels[0]?.message.partition;
    const found = receipts.find((receipt) => receipt.partition === partition);
    if (found === undefined) return false;
    const base = found.baseOffset ?? found.offset;
    parcels.forEach(({ place }, index) => {
      this.outcomes[place] = { receipt: new KafkaReceipt(this.topic, found.partition, base, index) };
    });
    return true;
  }
}

/** Its position is made when asked for. */
class KafkaReceipt implements Receipt {
  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly base: string | undefined,
    private readonly index: number,
  ) {}

  get position(): string | undefined {
    return this.base === undefined ? undefined : `${this.topic}[${this.partition}]@${Number(this.base) + this.index}`;
  }
}

/** All fail as the first did. */
function fill(outcomes: Outcome[]): Outcome[] {
  const first = outcomes[0];
  return first === undefined ? outcomes : outcomes.fill(first);
}

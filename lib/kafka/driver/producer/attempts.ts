import { type Clock, sleep } from '../../../driver/index.js';
import { asError } from '../../../errors/index.js';
import { unlessAborted } from '../within.js';
import { type Failure, failureOf, isUnknownTopic } from './failure.js';
import type { Parcel } from './parcels.js';
import type { ProducerLink } from './producer-link.js';
import type { TopicTable } from './topic-table.js';
import type { Write } from './write.js';

/** What attempts need. */
export interface AttemptsHost {
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

/** Sends messages until they are confirmed, or given up. */
export class Attempts {
  private readonly closing = new AbortController();
  private renewing: Promise<void> | undefined;

  constructor(private readonly host: AttemptsHost) {}

  /** What is under way is given up, its outcome unknown; nothing is sent any more. */
  close(): void {
    this.closing.abort(new Error('The broker is being closed'));
  }

  /** One attempt, for messages of any number of partitions. What is confirmed is noted; a failure is not. */
  async once(write: Write, parcels: readonly Parcel[]): Promise<Failure | undefined> {
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

  /**
   * Messages of one partition, again and again; of those that are refused together, until only the guilty ones fail.
   */
  async send(write: Write, parcels: readonly Parcel[], maybe = false): Promise<void> {
    let renewed = false;
    for (let attempt = 0, waitMs = FIRST_WAIT_MS; ; attempt++, waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      const failure = await this.once(write, parcels);
      if (failure === undefined) return;
      maybe ||= failure.written === 'maybe';
      if (failure.guilty && parcels.length > 1) return this.split(write, parcels, maybe);
      // kafkajs takes the sequence back and would give it to the next message, which the server then takes for this
      // one.
      if (failure.written === 'maybe' && this.host.idempotent) await this.renew();
      if (this.mayRepeat(failure, attempt)) {
        await sleep(this.host.clock, waitMs, this.closing.signal);
      } else if (isUnknownTopic(failure) && !renewed && this.host.producer.mayBePoisoned()) {
        renewed = true;
        await this.renew();
      } else {
        write.fail(parcels, failure, maybe);
        return;
      }
    }
  }

  private mayRepeat(failure: Failure, attempt: number): boolean {
    const { retries } = this.host;
    const most = isUnknownTopic(failure) ? Math.min(UNKNOWN_TOPIC_RETRIES, retries) : retries;
    return failure.retryable && !failure.repick && attempt < most && !this.closing.signal.aborted;
  }

  private async split(write: Write, parcels: readonly Parcel[], maybe: boolean): Promise<void> {
    const middle = parcels.length >> 1;
    await this.send(write, parcels.slice(0, middle), maybe);
    const later = write.inOrder(parcels.slice(middle));
    if (later.length > 0) await this.send(write, later, maybe);
  }

  private partitionGone(topic: string): Failure {
    this.host.topics.forget(topic);
    const cause = new Error('A partition does not exist any more');
    const code = 'MULTI_BROKER_PUBLISH_UNCONFIRMED';
    return { code, written: 'no', retryable: true, repick: true, guilty: false, cause };
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

/** The broker was closed before, or while, it was sent. */
function givenUp(signal: AbortSignal, written: 'no' | 'maybe'): Failure {
  const code = written === 'no' ? 'MULTI_BROKER_NOT_CONNECTED' : 'MULTI_BROKER_PUBLISH_UNCONFIRMED';
  return { code, written, retryable: true, guilty: false, cause: asError(signal.reason) };
}

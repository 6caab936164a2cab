import type { RecordMetadata } from 'kafkajs';

import type { Outcome, Receipt } from '../../../driver/index.js';
import { PublishError } from '../../../errors/index.js';
import { type Failure, isUnknownTopic } from './failure.js';
import type { Parcel } from './parcels.js';

/** A batch that is being written to one topic, and what became of each message of it. */
export class Write {
  readonly outcomes: Outcome[];
  /** Partitions in which a message was not confirmed that will be tried again, and why. */
  private readonly behind = new Map<number, Error>();

  constructor(
    readonly topic: string,
    private readonly broker: string,
    count: number,
  ) {
    this.outcomes = new Array<Outcome>(count);
  }

  /**
   * Notes what the receipts confirm. False when one is missing: kafkajs drops messages of a partition, and resolves.
   */
  confirm(parcels: readonly Parcel[], receipts: readonly RecordMetadata[]): boolean {
    const places = new Map(receipts.map((receipt) => [receipt.partition, { receipt, index: 0 }]));
    let all = true;
    for (const { place, message } of parcels) {
      const at = places.get(message.partition ?? -1);
      if (at === undefined) all = false;
      else this.outcomes[place] = { receipt: new KafkaReceipt(this.topic, at.receipt, at.index++) };
    }
    return all;
  }

  isConfirmed({ place }: Parcel): boolean {
    return this.outcomes[place] !== undefined;
  }

  /** @param maybe an earlier attempt may have arrived, whatever the last one says */
  fail(parcels: readonly Parcel[], failure: Failure, maybe: boolean): void {
    const { code, cause, guilty } = failure;
    const what = `Broker '${this.broker}' could not publish to topic '${this.topic}': ${cause.message}`;
    // What is refused for its own sake was refused before, too.
    const written = maybe && !guilty ? 'maybe' : failure.written;
    const retryable = !isUnknownTopic(failure) && failure.retryable;
    const error = new PublishError(code, what, { broker: this.broker, cause, retryable, written });
    for (const { place, message } of parcels) {
      this.outcomes[place] = { error };
      if (retryable && message.partition !== undefined) this.behind.set(message.partition, cause);
    }
  }

  /**
   * Fails what stands behind a message of its partition that will be tried again: written now, it would overtake it.
   * Returns the rest.
   */
  inOrder(parcels: readonly Parcel[]): readonly Parcel[] {
    if (this.behind.size === 0) return parcels;
    return parcels.filter((parcel) => {
      const before = this.behind.get(parcel.message.partition ?? -1);
      if (before !== undefined) this.leave(parcel, before);
      return before === undefined;
    });
  }

  private leave({ place }: Parcel, before: Error): void {
    const what =
      `Broker '${this.broker}' did not publish to topic '${this.topic}' yet, ` +
      `for what stands before it in its partition was not confirmed: ${before.message}`;
    const details = { broker: this.broker, cause: before, retryable: true, written: 'no' } as const;
    this.outcomes[place] = { error: new PublishError('MULTI_BROKER_NOT_CONNECTED', what, details) };
  }

  /** All fail as the first did. */
  failAsFirst(): void {
    const [first] = this.outcomes;
    if (first !== undefined) this.outcomes.fill(first);
  }
}

/** Its position is made when asked for. */
class KafkaReceipt implements Receipt {
  constructor(
    private readonly topic: string,
    private readonly receipt: RecordMetadata,
    private readonly index: number,
  ) {}

  get position(): string | undefined {
    const base = this.receipt.baseOffset ?? this.receipt.offset;
    return base === undefined ? undefined : `${this.topic}[${this.receipt.partition}]@${Number(base) + this.index}`;
  }
}

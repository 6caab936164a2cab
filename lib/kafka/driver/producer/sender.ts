import type { Outcome, Outgoing } from '../../../driver/index.js';
import type { LeftOut } from '../../record-headers.js';
import { Attempts, type AttemptsHost } from './attempts.js';
import { type Parcel, parcel, rounds } from './parcels.js';
import { Write } from './write.js';

/** What a sender needs. */
export interface SenderHost extends AttemptsHost {
  readonly broker: string;
  readonly leftOut: Pick<LeftOut, 'of'>;
}

/**
 * Writes batches, with an outcome for each message. Each message has one partition, picked once. kafkajs's own retry
 * loses what it regroups (51 of 101 messages; #1303), so it has none: what fails is sent again from here, each
 * partition by itself.
 */
export class Sender {
  private readonly attempts: Attempts;

  constructor(private readonly host: SenderHost) {
    this.attempts = new Attempts(host);
  }

  /** Never rejects. */
  async publish(topic: string, batch: readonly Outgoing[]): Promise<Outcome[]> {
    const write = new Write(topic, this.host.broker, batch.length);
    const { leftOut } = this.host;
    const left = await this.learn(
      write,
      batch.map((outgoing, place) => parcel(outgoing, place, leftOut)),
    );
    this.host.topics.assign(
      topic,
      left.map(({ message }) => message),
    );
    for (const round of rounds(left)) {
      const portions = round.map((portion) => write.inOrder(portion)).filter(({ length }) => length > 0);
      if (portions.length > 0) await this.send(write, portions);
    }
    return write.outcomes;
  }

  /** What is under way is given up, its outcome unknown; nothing is sent any more. */
  close(): void {
    this.attempts.close();
  }

  /** kafkajs tells the partitions only to its partitioner, while it sends: to a new topic one message goes first. */
  private async learn(write: Write, parcels: readonly Parcel[]): Promise<readonly Parcel[]> {
    const [first, ...others] = parcels;
    if (first === undefined || this.host.topics.knows(write.topic)) return parcels;
    await this.attempts.send(write, [first]);
    if (this.host.topics.knows(write.topic)) return others;
    write.failAsFirst();
    return [];
  }

  /**
   * Portions of several partitions go as one request for each node: a server answers the requests of a connection one
   * after another. Whatever fails of them is told for all, so then each goes alone; the sound ones may be repeated.
   */
  private async send(write: Write, portions: readonly (readonly Parcel[])[]): Promise<void> {
    const together = portions.length > 1 && !this.host.idempotent;
    const failure = together ? await this.attempts.once(write, portions.flat()) : undefined;
    if (together && failure === undefined) return;
    const left = portions.filter(([first]) => first !== undefined && !write.isConfirmed(first));
    await Promise.all(
      left.map((portion) => this.attempts.send(write, portion, failure !== undefined && failure.repick !== true)),
    );
  }
}

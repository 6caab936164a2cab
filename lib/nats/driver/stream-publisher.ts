import type { Msg } from 'nats';

import type { Clock, Outcome, Outgoing } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { AckGroup } from './ack-group.js';
import { writeInChunks } from './chunks.js';
import type { Connection, Refusal } from './connection.js';
import type { KnownStreams } from './known-streams.js';
import { readPubAck } from './pub-ack.js';
import type { PublishErrors } from './publish-errors.js';
import type { Replies } from './replies.js';
import type { Writer } from './writer.js';

/** What the publisher is made of. */
export interface StreamPublisherParts {
  readonly connection: Connection;
  readonly writer: Writer;
  readonly errors: PublishErrors;
  readonly replies: Replies;
  readonly known: KnownStreams;
  readonly clock: Clock;
  readonly ackMs: number;
}

/**
 * JetStream publishes, each confirmed by its PubAck: one inbox for all of them and one timer for a chunk, 12 to 25
 * times the rate of nats.js's `js.publish`.
 */
export class StreamPublisher {
  private readonly open = new Set<AckGroup>();

  constructor(private readonly parts: StreamPublisherParts) {
    parts.connection.listen({
      down: () => {
        this.giveUp((to) => this.parts.errors.unconfirmed(to, 'the connection was lost'));
      },
      refused: (refusal) => {
        this.refused(refusal);
      },
    });
  }

  /** Never rejects. Once the connection was lost nothing more of the batch is written, so that its order stays. */
  async publish(to: NatsDestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const { connection, errors, known } = this.parts;
    const unknown = connection.up ? await known.check(to) : errors.notConnected(to);
    if (unknown !== undefined) return batch.map(() => ({ error: unknown }));
    const { epoch } = connection;
    const outcomes = new Array<Outcome>(batch.length);
    const reached = await writeInChunks<AckGroup>(batch.length, {
      begin: (from) => (connection.up && connection.epoch === epoch ? this.begin(to, from, outcomes) : undefined),
      write: (group, index) => this.write(group, index, batch[index] as Outgoing),
      end: (group) => {
        this.parts.writer.send();
        return this.end(group);
      },
    });
    if (reached < batch.length) outcomes.fill({ error: errors.notConnected(to) }, reached);
    return this.lookAfter(to, outcomes);
  }

  private begin(to: NatsDestinationSpec, from: number, outcomes: Outcome[]): AckGroup {
    const group: AckGroup = new AckGroup(to, from, outcomes, this.parts.replies, this.parts.errors, (message) =>
      this.read(to, message),
    );
    this.open.add(group);
    return group;
  }

  private write(group: AckGroup, index: number, message: Outgoing): number {
    const written = this.parts.writer.write(group.to, message, group.reply(index));
    if (typeof written === 'number') return written;
    group.settle(index, { error: written });
    return 0;
  }

  private async end(group: AckGroup): Promise<void> {
    const { clock, errors, known, ackMs } = this.parts;
    const cancel = clock.after(ackMs, () => {
      // Its stream may be gone while somebody subscribes to the subject: then nobody ever answers.
      known.forget();
      const others = group.strangers ? ', only answers of other subscribers of the subject' : '';
      group.fail(errors.unconfirmed(group.to, `no PubAck came within ${ackMs} ms${others}`));
    });
    await group.settled();
    cancel();
    this.open.delete(group);
  }

  /** Undefined: somebody else than a stream answered, and the PubAck is waited for. */
  private read(to: NatsDestinationSpec, message: Msg): Outcome | undefined {
    const { errors, known } = this.parts;
    const answer = readPubAck(message, to, errors);
    if (answer === 'no-ack') return undefined;
    if (answer === 'nobody') return { error: errors.noStream(to, false) };
    if (answer.stream !== undefined) known.acked(to, answer.stream);
    return answer.outcome;
  }

  /** Where nobody answered, JetStream is asked whether that is for good. */
  private async lookAfter(to: NatsDestinationSpec, outcomes: Outcome[]): Promise<readonly Outcome[]> {
    if (!outcomes.some(isNoStream)) return outcomes;
    const certain = await this.parts.known.missing(to);
    if (!certain) return outcomes;
    const error = this.parts.errors.noStream(to, true);
    return outcomes.map((outcome) => (isNoStream(outcome) ? { error } : outcome));
  }

  private refused({ operation, subject }: Refusal): void {
    if (operation !== 'publish') return;
    const { errors } = this.parts;
    this.giveUp((to) => errors.refused(to, 'this client has no permission to publish there'), subject);
  }

  private giveUp(error: (to: NatsDestinationSpec) => PublishError, subject?: string): void {
    for (const group of this.open) {
      if (subject === undefined || group.to.subject === subject) group.fail(error(group.to));
    }
  }
}

function isNoStream(outcome: Outcome): boolean {
  return 'error' in outcome && outcome.error.code === 'MULTI_BROKER_DESTINATION_UNKNOWN';
}

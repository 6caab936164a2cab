import type { Msg } from 'nats';

import type { Clock, Outcome, Outgoing } from '../../driver/index.js';
import { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import { AckGroup } from './ack-group.js';
import { writeInChunks } from './chunks.js';
import type { Connection, Refusal } from './connection.js';
import type { JetStreamApi } from './jetstream-api.js';
import type { KnownStreams } from './known-streams.js';
import { readPubAck } from './pub-ack.js';
import { CarefulPace, type PublishPace, RoomPace } from './publish-pace.js';
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
  readonly api: JetStreamApi;
}

/** Streams, and subjects of unknown ones. */
const maxPaces = 10_000;

/** One batch on its way. */
interface Run {
  readonly to: NatsDestinationSpec;
  readonly batch: readonly Outgoing[];
  readonly outcomes: Outcome[];
  readonly epoch: number;
  /** Why one of it has to be tried again: nothing more of it is written. */
  refusal: PublishError | undefined;
}

/**
 * JetStream publishes, each confirmed by its PubAck: one inbox for all of them and one timer for a chunk, 12 to 25
 * times the rate of nats.js's `js.publish`.
 */
export class StreamPublisher {
  private readonly open = new Set<AckGroup>();
  /** By stream. */
  private readonly paces = new Map<string, PublishPace>();

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

  /**
   * Never rejects. Once the connection was lost, or a message has to be tried again, nothing more of the batch is
   * written, so that its order stays.
   */
  async publish(to: NatsDestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const { connection, errors, known } = this.parts;
    const unknown = connection.up ? await known.check(to) : errors.notConnected(to);
    if (unknown !== undefined) return batch.map(() => ({ error: unknown }));
    const outcomes = new Array<Outcome>(batch.length);
    const run: Run = { to, batch, outcomes, epoch: connection.epoch, refusal: undefined };
    const reached = await this.writeAtPace(run);
    const left = run.refusal === undefined ? errors.notConnected(to) : errors.behind(to, run.refusal);
    if (reached < batch.length) outcomes.fill({ error: left }, reached);
    return this.lookAfter(to, outcomes);
  }

  /** Returns how many were written. */
  private async writeAtPace(run: Run): Promise<number> {
    const { batch, to } = run;
    let at = 0;
    while (at < batch.length && this.goesOn(run)) {
      const pace = this.paceOf(to);
      const count = (await pace?.next(batch, at)) ?? batch.length - at;
      const reached = await this.writeSome(run, at, count);
      at += reached;
      const refused = run.refusal !== undefined;
      if (pace?.told(reached, refused) === false) this.paces.delete(this.paceKey(to));
      if (reached < count) break;
    }
    if (run.refusal !== undefined && !this.paces.has(this.paceKey(to))) this.slowDown(to);
    return at;
  }

  private writeSome(run: Run, from: number, count: number): Promise<number> {
    return writeInChunks<AckGroup>(count, {
      begin: (at) => (this.goesOn(run) ? this.begin(run, from + at) : undefined),
      write: (group, index) => this.write(group, from + index, run.batch[from + index] as Outgoing),
      end: (group) => {
        this.parts.writer.send();
        return this.end(group);
      },
    });
  }

  private goesOn({ epoch, refusal }: Run): boolean {
    const { connection } = this.parts;
    return refusal === undefined && connection.up && connection.epoch === epoch;
  }

  /** Undefined where all may be written at once. */
  private paceOf(to: NatsDestinationSpec): PublishPace | undefined {
    const known = this.parts.known.streamOf(to);
    const key = this.paceKey(to);
    const pace = this.paces.get(key);
    if (known?.bounded !== true || pace instanceof RoomPace) return pace;
    const room = new RoomPace(known.name, this.parts.api);
    this.keep(key, room);
    return room;
  }

  private slowDown(to: NatsDestinationSpec): void {
    this.keep(this.paceKey(to), new CarefulPace());
  }

  /** Of the stream; where that is not known, of the subject. */
  private paceKey(to: NatsDestinationSpec): string {
    return this.parts.known.streamOf(to)?.name ?? ` ${to.subject}`;
  }

  private keep(key: string, pace: PublishPace): void {
    if (this.paces.size >= maxPaces) this.paces.clear();
    this.paces.set(key, pace);
  }

  private begin(run: Run, from: number): AckGroup {
    const { to, outcomes } = run;
    const { replies, errors } = this.parts;
    const group: AckGroup = new AckGroup(to, from, outcomes, replies, errors, (message) => this.read(to, message), run);
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

/** No stream took it, or what stands before it. */
function isNoStream(outcome: Outcome): boolean {
  if (!('error' in outcome)) return false;
  const { code, cause } = outcome.error;
  const unknown = 'MULTI_BROKER_DESTINATION_UNKNOWN';
  return code === unknown || (cause instanceof PublishError && cause.code === unknown);
}

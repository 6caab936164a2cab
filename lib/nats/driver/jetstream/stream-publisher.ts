import { type Clock, InProgress } from '../../../async/index.js';
import type { Outcome, Outgoing } from '../../../driver/index.js';
import { phrase, PublishError } from '../../../errors/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import type { Connection, Refusal } from '../connection/connection.js';
import type { Inbox } from '../connection/inbox.js';
import type { PublishErrors } from '../connection/publish-errors.js';
import { type WireWriter, writeInChunks } from '../connection/wire-writer.js';
import type { IngestPauses } from './ingest/ingest-pauses.js';
import { type IngestRun, StreamIngest } from './ingest/stream-ingest.js';
import type { JetStreamApi } from './jetstream-api.js';
import { PlainPubAcks, PubAckGroup, type PubAckHost, readPubAck } from './pub-acks.js';
import { CarefulPace, type PublishPace, RoomPace } from './publish-pace.js';
import { type PublishLine, PublishLines } from './publish-lines.js';
import type { StreamLookup } from './stream-lookup.js';
import type { ClientMessage } from '../connection/client-port.js';

/** Collaborators of a {@link StreamPublisher}. */
export interface StreamPublisherParts {
  readonly connection: Connection;
  readonly writer: WireWriter;
  readonly errors: PublishErrors;
  readonly inbox: Inbox;
  readonly lookup: StreamLookup;
  readonly clock: Clock;
  readonly ackMs: number;
  readonly api: JetStreamApi;
  readonly pauses: IngestPauses;
}

/** Most streams (and subjects, where the stream is unknown) whose pace is kept. */
const MAX_PACES = 10_000;

/** Messages under way that are confirmed together. */
type OpenGroup = Pick<PubAckGroup, 'to' | 'strangers' | 'fail' | 'settled'>;

/** One batch being published. */
interface Run extends IngestRun {
  readonly epoch: number;
  readonly written: (() => void) | undefined;
}

/** The batch, whose refusal is that of its whole line. */
function runOf(
  to: NatsDestinationSpec,
  batch: readonly Outgoing[],
  epoch: number,
  line: PublishLine,
  written: (() => void) | undefined,
): Run {
  const outcomes = new Array<Outcome>(batch.length);
  return {
    ...{ to, batch, epoch, outcomes, written, failed: false, untold: [] },
    get refusal() {
      return line.refusal;
    },
    set refusal(error) {
      line.refusal = error;
    },
  };
}

/**
 * JetStream publishes, each confirmed by its PubAck: one inbox for all of them and one timer for a chunk, 12 to 25
 * times the rate of nats.js's `js.publish`.
 */
export class StreamPublisher implements PubAckHost {
  private readonly open = new InProgress<OpenGroup>();
  readonly plain = new PlainPubAcks();
  readonly replies: Inbox;
  readonly errors: PublishErrors;
  /** By stream. */
  private readonly paces = new Map<string, PublishPace>();
  private readonly lines = new PublishLines();
  private readonly ingest: StreamIngest<Run>;

  constructor(private readonly parts: StreamPublisherParts) {
    this.ingest = new StreamIngest({
      ...parts,
      read: (to, message) => this.read(to, message),
      goesOn: (run) => this.goesOn(run),
      opened: (batch) => this.open.add(batch),
      ended: (batch) => this.end(batch),
    });
    this.replies = parts.inbox;
    this.errors = parts.errors;
    parts.connection.listen({
      down: () => this.giveUp((to) => this.parts.errors.unconfirmed(to, phrase('connectionLost'))),
      refused: (refusal) => this.refused(refusal),
    });
  }

  /**
   * Never rejects. Once the connection is lost, or a message has to be retried, nothing more of the batch is written, nor of
   * one behind it, which keeps their order.
   */
  async publish(
    to: NatsDestinationSpec,
    batch: readonly Outgoing[],
    written?: () => void,
  ): Promise<readonly Outcome[]> {
    const line = this.lines.join(to.subject);
    try {
      return await this.publishIn(line, to, batch, written);
    } finally {
      this.lines.leave(to.subject);
    }
  }

  private async publishIn(
    line: PublishLine,
    to: NatsDestinationSpec,
    batch: readonly Outgoing[],
    written?: () => void,
  ): Promise<readonly Outcome[]> {
    const { connection, errors, lookup: known } = this.parts;
    const unknown = connection.up ? await known.check(to) : errors.notConnected(to);
    if (unknown !== undefined) return batch.map(() => ({ error: unknown }));
    const run = runOf(to, batch, connection.epoch, line, written);
    const { outcomes } = run;
    const reached = await this.writeAtPace(run);
    if (reached < batch.length) {
      // Made when needed: an error takes as long as some messages.
      const left = run.refusal === undefined ? errors.notConnected(to) : errors.behind(to, run.refusal);
      outcomes.fill({ error: left }, reached);
    }
    return run.failed || run.untold.length > 0 ? this.failures(run) : outcomes;
  }

  private async failures({ to, outcomes, untold }: Run): Promise<readonly Outcome[]> {
    const told = [...(await this.lookAfter(to, outcomes))];
    // Refused when it was written again: that says nothing of the first time.
    for (const index of untold) {
      const outcome = told[index];
      if (outcome !== undefined && 'error' in outcome)
        told[index] = { error: this.parts.errors.untold(to, outcome.error) };
    }
    return told;
  }

  /** Returns the number of messages written. */
  private async writeAtPace(run: Run): Promise<number> {
    const { batch, to } = run;
    let at = 0;
    while (at < batch.length && this.goesOn(run)) {
      const pace = this.paceOf(to);
      const count = (await pace?.next(batch, at)) ?? batch.length - at;
      const reached = await this.writeSome(run, at, count, pace === undefined);
      at += reached;
      const refused = run.refusal !== undefined;
      if (pace?.result(reached, refused) === false) this.paces.delete(this.paceKey(to));
      if (reached < count) break;
    }
    if (run.refusal === undefined) return at;
    if (!this.paces.has(this.paceKey(to))) this.slowDown(to);
    // Not awaited: without a leader there is no answer, and what is written again comes later.
    void this.parts.lookup.refused(to);
    return at;
  }

  private writeSome(run: Run, from: number, count: number, isWhole: boolean): Promise<number> {
    if (this.ingest.takes(run, from, count)) return this.writeBatch(run, from, count);
    const mayBeFollowed = isWhole && this.keepsOrder(run.to);
    return this.writeEach(run, from, count, mayBeFollowed ? () => this.isWritten(run) : undefined);
  }

  /**
   * Whether the server stores what is written later behind what is written earlier, where the connection lasts. A leader
   * that steps down drops what it has not stored, and the new one stores what follows.
   */
  private keepsOrder(to: NatsDestinationSpec): boolean {
    const known = this.parts.lookup.streamOf(to);
    return known !== undefined && !known.replicated && !known.ingests;
  }

  private isWritten(run: Run): void {
    if (this.goesOn(run)) run.written?.();
  }

  private async writeBatch(run: Run, from: number, count: number): Promise<number> {
    const done = await this.ingest.write(run, from, count);
    return done + (await this.writeEach(run, from + done, count - done));
  }

  /** Each message with a PubAck of its own. */
  private writeEach(run: Run, from: number, count: number, written?: () => void): Promise<number> {
    const { writer } = this.parts;
    return writeInChunks<PubAckGroup>(count, {
      begin: (at) => (this.goesOn(run) ? this.begin(run, from + at) : undefined),
      write: (group, at) => {
        const index = from + at;
        if (run.outcomes[index] !== undefined) return 0;
        const written = writer.write(run.to, run.batch[index] as Outgoing, group.reply(index));
        if (typeof written === 'number') return written;
        group.settle(index, { error: written });
        return 0;
      },
      end: (group) => {
        writer.send();
        return this.end(group);
      },
      written,
    });
  }

  private goesOn({ epoch, refusal }: Run): boolean {
    const { connection } = this.parts;
    return refusal === undefined && connection.up && connection.epoch === epoch;
  }

  /** Undefined if the whole batch may be written at once. */
  private paceOf(to: NatsDestinationSpec): PublishPace | undefined {
    const known = this.parts.lookup.streamOf(to);
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

  /** The stream's name, or the subject while the stream is unknown. */
  private paceKey(to: NatsDestinationSpec): string {
    return this.parts.lookup.streamOf(to)?.name ?? ` ${to.subject}`;
  }

  private keep(key: string, pace: PublishPace): void {
    if (this.paces.size >= MAX_PACES) this.paces.clear();
    this.paces.set(key, pace);
  }

  private begin(run: Run, from: number): PubAckGroup {
    const group = new PubAckGroup(run.to, from, run.outcomes, this, run);
    this.open.add(group);
    return group;
  }

  private async end(group: OpenGroup): Promise<void> {
    const { clock, errors, lookup: known, ackMs } = this.parts;
    const cancel = clock.after(ackMs, () => {
      // The stream may be gone while the subject has other subscribers: then there is neither a PubAck nor a 503.
      known.forget();
      const reason = phrase(group.strangers ? 'natsOnlyStrangers' : 'natsNoPubAck', { ms: ackMs });
      group.fail(errors.unconfirmed(group.to, reason));
    });
    await group.settled();
    cancel();
    this.open.delete(group);
  }

  stored(to: NatsDestinationSpec, stream: string): void {
    this.parts.lookup.acked(to, stream);
  }

  read(to: NatsDestinationSpec, message: ClientMessage): Outcome | undefined {
    const { errors, lookup: known } = this.parts;
    const answer = readPubAck(message, to, errors);
    if (answer === 'no-ack') return undefined;
    if (answer === 'no-responders') return { error: errors.noStream(to, false) };
    if (answer.stream !== undefined) {
      this.plain.learn(message.data);
      known.acked(to, answer.stream);
    }
    return answer.outcome;
  }

  /** After a publish without responders, JetStream is asked whether a retry makes sense. */
  private async lookAfter(to: NatsDestinationSpec, outcomes: Outcome[]): Promise<readonly Outcome[]> {
    if (!outcomes.some(isNoStream)) return outcomes;
    const certain = await this.parts.lookup.missing(to);
    if (!certain) return outcomes;
    const error = this.parts.errors.noStream(to, true);
    return outcomes.map((outcome) => (isNoStream(outcome) ? { error } : outcome));
  }

  private refused({ operation, subject }: Refusal): void {
    if (operation !== 'publish') return;
    const { errors } = this.parts;
    this.giveUp((to) => errors.refused(to, phrase('natsNoPermission')), subject);
  }

  private giveUp(error: (to: NatsDestinationSpec) => PublishError, subject?: string): void {
    for (const group of this.open) {
      if (subject === undefined || group.to.subject === subject) group.fail(error(group.to));
    }
  }
}

/** Whether no stream captured the message, or the one before it. */
function isNoStream(outcome: Outcome): boolean {
  if (!('error' in outcome)) return false;
  const { code, cause } = outcome.error;
  const unknown = 'MULTI_BROKER_DESTINATION_UNKNOWN';
  return code === unknown || (cause instanceof PublishError && cause.code === unknown);
}

import type { Outcome } from '../../../../driver/index.js';
import type { PublishError } from '../../../../errors/index.js';
import type { NatsDestinationSpec } from '../../../destination-spec.js';
import type { ClientMessage } from '../../connection/client-port.js';
import type { Inbox, ReplyGroup } from '../../connection/inbox.js';
import type { PublishErrors } from '../../connection/publish-errors.js';
import type { PublishRun } from '../pub-acks.js';
import {
  type IngestAnswer,
  type NotTaken,
  OPERATION,
  readIngestAnswer,
  replyPrefix,
  replySubject,
} from './ingest-answer.js';

/** Of all that are stored: results of handlers need no receipt, and the server tells no position but the last one's. */
const STORED: Outcome = Object.freeze({ receipt: Object.freeze({}) });

/** What a batch needs of its publisher. */
export interface IngestHost {
  readonly errors: PublishErrors;
  readonly inbox: Inbox;
  /** The outcome by an answer as to a message without a batch; undefined if no server sent it. */
  read(to: NatsDestinationSpec, message: ClientMessage): Outcome | undefined;
  /** The stream has confirmed some of the batch. */
  confirmed(to: NatsDestinationSpec, stream: string): void;
  /** The stream takes no batches any more. */
  disabled(): void;
  /** The stream, or its server, has too many batches now. */
  tooMany(to: NatsDestinationSpec): void;
}

/**
 * Messages of one run that a stream takes as one batch, whose answers are few. Once it is over, what has no outcome is to
 * be written again at once: it is not stored, or nobody said so, and then its id tells.
 */
export class IngestBatch implements ReplyGroup {
  private readonly prefix: string;
  private readonly forget: () => void;
  /** The index of each message, in the order of the batch: its sequence there, less one. */
  private readonly written: number[] = [];
  private stored = 0;
  /** From this sequence on nothing is stored. */
  private endsAt = Infinity;
  private committed = false;
  private over = false;
  private done: (() => void) | undefined;
  /** Whether replies arrived that no stream sent. */
  strangers = false;

  constructor(
    readonly to: NatsDestinationSpec,
    private readonly id: string,
    /** Index of the message that ends it. */
    private readonly last: number,
    private readonly outcomes: Outcome[],
    private readonly run: PublishRun,
    private readonly host: IngestHost,
  ) {
    const { prefix, end } = host.inbox.expect(this);
    this.prefix = replyPrefix(prefix, id);
    this.forget = end;
  }

  /** The reply subject of a message. {@link wrote} or {@link unwritten} follows. */
  reply(index: number): string {
    const sequence = this.written.length + 1;
    if (index === this.last) return replySubject(this.prefix, sequence, OPERATION.commit);
    return replySubject(this.prefix, sequence, sequence === 1 ? OPERATION.begin : OPERATION.add);
  }

  wrote(index: number): void {
    this.written.push(index);
    if (index === this.last) this.committed = true;
  }

  /** The message cannot be written, and takes no part in the batch. */
  unwritten(index: number, error: PublishError): void {
    this.conclude(index, { error });
  }

  /** All is written that will be. Without its last message the server does not end the batch. */
  close(): void {
    if (!this.committed) this.finish();
  }

  answered(_index: number, message: ClientMessage): void {
    if (this.over) return;
    const answer = readIngestAnswer(message, this.id);
    const isLast = 'sequence' in answer && answer.sequence >= this.written.length;
    // Of a batch whose last message has an answer of its own nothing more is told. See findings/nats-ingest-answers.sh.
    if (this.take(answer, message) && isLast && this.committed) this.finish();
  }

  /** False for the answer of another subscriber. */
  private take(answer: IngestAnswer, message: ClientMessage): boolean {
    switch (answer.kind) {
      case 'stored':
        this.store(answer.until);
        return true;
      case 'ended':
        this.host.confirmed(this.to, answer.stream);
        this.store(answer.until);
        this.finish();
        return true;
      case 'not-taken':
        this.endBefore(answer.sequence);
        this.notTaken(answer.why);
        return true;
      case 'single':
        return this.settle(answer.sequence, message);
      case 'refused':
        this.settle(answer.at, message);
        return true;
      case 'nothing':
        return true;
    }
  }

  private endBefore(sequence: number): void {
    this.endsAt = Math.min(this.endsAt, sequence);
  }

  private notTaken(why: NotTaken): void {
    if (why === 'disabled') this.host.disabled();
    else if (why === 'too-many') this.host.tooMany(this.to);
  }

  private settle(sequence: number, message: ClientMessage): boolean {
    const index = this.written[sequence - 1];
    const outcome = this.host.read(this.to, message);
    if (outcome === undefined) this.strangers = true;
    else if (index !== undefined) this.conclude(index, outcome);
    if (outcome !== undefined && 'error' in outcome) this.endBefore(sequence);
    return outcome !== undefined;
  }

  private store(until: number): void {
    const { written, outcomes } = this;
    const end = Math.min(until, written.length);
    for (; this.stored < end; this.stored++) outcomes[written[this.stored] as number] ??= STORED;
  }

  /** Fails every message without an outcome. */
  fail(error: PublishError): void {
    for (const index of this.written) this.conclude(index, { error });
    this.finish();
  }

  denied(): void {
    this.fail(this.host.errors.unheard(this.to));
  }

  /** The indices of messages that the stream may have, though nobody said so: it is sealed before it has confirmed them. */
  untold(): number[] {
    const { written, outcomes, stored, endsAt } = this;
    return written.slice(stored, Math.max(0, endsAt - 1)).filter((index) => outcomes[index] === undefined);
  }

  private conclude(index: number, outcome: Outcome): void {
    const { outcomes, run } = this;
    if (outcomes[index] !== undefined) return;
    outcomes[index] = outcome;
    if (!('error' in outcome)) return;
    run.failed = true;
    if (outcome.error.retryable) run.refusal ??= outcome.error;
  }

  private finish(): void {
    this.over = true;
    this.done?.();
  }

  /** Resolves when the server has told all that it will. */
  async settled(): Promise<void> {
    if (!this.over) {
      await new Promise<void>((resolve) => {
        this.done = resolve;
      });
    }
    this.forget();
  }
}

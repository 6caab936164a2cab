import type { Msg } from 'nats';

import type { Outcome } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { PublishErrors } from './publish-errors.js';
import type { ReplyGroup, Replies } from './replies.js';

/** Messages of one chunk that wait for their PubAcks. */
export class AckGroup implements ReplyGroup {
  private waiting = 0;
  /** The index after the last message that was written. */
  private until: number;
  private readonly prefix: string;
  private readonly end: () => void;
  /** Answers came that are not of a stream. */
  strangers = false;
  private done: (() => void) | undefined;

  constructor(
    readonly to: NatsDestinationSpec,
    private readonly from: number,
    private readonly outcomes: Outcome[],
    replies: Replies,
    private readonly errors: PublishErrors,
    private readonly read: (message: Msg) => Outcome | undefined,
    /** Told why a message has to be tried again. */
    private readonly run: { refusal: PublishError | undefined } = { refusal: undefined },
  ) {
    const { prefix, end } = replies.expect(this);
    this.prefix = prefix;
    this.end = end;
    this.until = from;
  }

  /** The reply subject of the message, which from now on is waited for. Asked in the order of the messages. */
  reply(index: number): string {
    this.until = index + 1;
    this.waiting++;
    return this.prefix + String(index - this.from);
  }

  answered(offset: number, message: Msg): void {
    const index = this.from + offset;
    if (!this.waits(index)) return;
    const outcome = this.read(message);
    if (outcome === undefined) this.strangers = true;
    else this.settle(index, outcome);
  }

  settle(index: number, outcome: Outcome): void {
    if (!this.waits(index)) return;
    this.outcomes[index] = outcome;
    if ('error' in outcome && outcome.error.retryable) this.run.refusal ??= outcome.error;
    if (--this.waiting === 0) this.done?.();
  }

  /** Anybody may write to the inbox: an index that was not given out is nobody's. */
  private waits(index: number): boolean {
    return Number.isInteger(index) && index >= this.from && index < this.until && this.outcomes[index] === undefined;
  }

  /** What still waits is given up. */
  fail(error: PublishError): void {
    for (let index = this.from; index < this.until; index++) this.settle(index, { error });
  }

  deaf(): void {
    this.fail(this.errors.unheard(this.to));
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    if (this.waiting > 0) {
      await new Promise<void>((resolve) => {
        this.done = resolve;
      });
    }
    this.end();
  }
}

import type { Msg } from 'nats';

import type { Outcome } from '../../driver/index.js';
import type { PublishError } from '../../errors/index.js';
import type { NatsDestinationSpec } from '../destination-spec.js';
import type { PublishErrors } from './publish-errors.js';
import type { ReplyGroup, Replies } from './replies.js';

/** Messages of one chunk that wait for their PubAcks. */
export class AckGroup implements ReplyGroup {
  private readonly waiting = new Set<number>();
  private readonly prefix: string;
  private readonly end: () => void;
  private done: (() => void) | undefined;

  constructor(
    readonly to: NatsDestinationSpec,
    private readonly from: number,
    private readonly outcomes: Outcome[],
    replies: Replies,
    private readonly errors: PublishErrors,
    private readonly read: (message: Msg) => Outcome,
  ) {
    const { prefix, end } = replies.expect(this);
    this.prefix = prefix;
    this.end = end;
  }

  /** The reply subject of the message, which from now on is waited for. */
  reply(index: number): string {
    this.waiting.add(index);
    return this.prefix + String(index - this.from);
  }

  answered(offset: number, message: Msg): void {
    const index = this.from + offset;
    if (this.waiting.has(index)) this.settle(index, this.read(message));
  }

  settle(index: number, outcome: Outcome): void {
    if (!this.waiting.delete(index)) return;
    this.outcomes[index] = outcome;
    if (this.waiting.size === 0) this.done?.();
  }

  /** What still waits is given up. */
  fail(error: PublishError): void {
    for (const index of [...this.waiting]) this.settle(index, { error });
  }

  deaf(): void {
    this.fail(this.errors.unheard(this.to));
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    if (this.waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.done = resolve;
      });
    }
    this.end();
  }
}

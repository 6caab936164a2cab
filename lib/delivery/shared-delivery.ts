import { isThenable } from '../async/index.js';
import type { Incoming } from '../driver/index.js';
import type { AskedMessage } from './asked-message.js';
import { Delivery } from './delivery.js';
import type { AttemptContext } from './delivery-context.js';
import { isCallTraced } from './diagnostics.js';
import { attemptOf } from './retry.js';
import type { Choice, DeliveryStrand, LaneContext } from './lane-context.js';

/**
 * A delivery of a source that several handlers share. Its first call asks their filters, unless they were asked before;
 * from then on it is a delivery of the handler that took the message, with the settings of that one. Where a filter
 * throws, it is that handler's until the next call, which asks again.
 */
export class SharedDelivery extends Delivery {
  private isTaken = false;
  /** The running call counts as one of its handler's. */
  private isCounted = false;

  /** @param asked what the filters said, until the first call */
  constructor(
    incoming: Incoming,
    strand: DeliveryStrand,
    private asked?: AskedMessage,
  ) {
    super(incoming, strand);
  }

  protected override nextAttempt(): AttemptContext {
    const context = super.nextAttempt();
    if (this.asked?.payload !== undefined) context.decoded(this.asked.payload);
    // A further attempt decodes anew, as the first may have changed the payload.
    if (this.isTaken) this.asked = undefined;
    return context;
  }

  protected override call(context: AttemptContext): unknown {
    const { shared } = this.strand.context;
    if (shared === undefined) return super.call(context);
    if (this.isTaken) {
      this.countCall();
      return super.call(context);
    }
    // Filters are part of the call: they may be slow.
    this.inCall = true;
    const { asked } = this;
    this.asked = undefined;
    const choice = asked === undefined ? shared.choose(context) : asked.choice;
    return isThenable(choice)
      ? choice.then((later) => this.callChosen(later, context))
      : this.callChosen(choice, context);
  }

  private callChosen(choice: Choice | undefined, context: AttemptContext): unknown {
    const on = choice?.on ?? this.strand.context;
    this.belongTo(on);
    this.countCall();
    context.message.attempt = attemptOf(this.incoming, on.binding, this.calls);
    if (choice?.failed !== undefined) return this.fail(context, choice.failed.thrown);
    this.isTaken = true;
    if (on.binding.ack === 'ack-first') this.settle('ack');
    return super.call(context);
  }

  /** Before its first call, which this handler makes for several messages. */
  takenBy(on: LaneContext): void {
    this.belongTo(on);
    this.isTaken = true;
  }

  private belongTo(on: LaneContext): void {
    this.context = on;
    this.binding = on.binding;
  }

  protected override called(): void {
    if (this.isCounted) this.moveCall(-1);
    this.isCounted = false;
    super.called();
  }

  private countCall(): void {
    this.isCounted = true;
    this.moveCall(1);
  }

  /** The strand counts the calls of all handlers; each has counters of its own. */
  private moveCall(calls: 1 | -1): void {
    this.strand.context.host.counts.running -= calls;
    this.context.host.counts.running += calls;
  }

  private fail(context: AttemptContext, thrown: unknown): unknown {
    const rethrow = (): never => {
      throw thrown;
    };
    return isCallTraced(this) ? this.traced(context, rethrow) : rethrow();
  }
}

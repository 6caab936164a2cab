import type { Broker, Incoming, Lane, Settlement } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { AttemptContext, HandSettlement } from './attempt-context.js';
import { comesAgainInMs } from './backoff.js';
import type { Binding } from './binding.js';
import type { DeliveredMessage } from './delivered-message.js';
import type { ObservedDelivery } from './delivery-observer.js';
import type { LaneOwner } from './lane-owner.js';
import { Verdicts } from './verdict.js';

/** What becomes of one delivery: settled once, by its policy or by hand, or cut off and left as it is. */
export abstract class Settling implements ObservedDelivery {
  /** Handler or publishes run, or a further attempt is to come. */
  active = true;
  settled = false;
  /** The server has delivered it again: another delivery settles it. */
  superseded = false;
  /** The lane's own: where it stands among those that are open. */
  place = 0;
  observed: unknown = undefined;
  /** The newest attempt: what an earlier one kept of its own settles nothing. */
  protected current: AttemptContext | undefined;
  /** How the user settled it. */
  protected byHand: 'ack' | 'nack' | 'reject' | undefined;
  /** A nack on a lane whose failures delivery holds: how long the user wants it to wait. */
  protected nackedInMs = 0;
  /** The user's reject, or a nack that nobody can grant. */
  protected refusal: Error | undefined;
  protected cutReason: Error | undefined;
  private attemptCut: Error | undefined;
  private controllers: AbortController[] | undefined;
  private made: Verdicts | undefined;

  constructor(
    readonly incoming: Incoming,
    protected readonly owner: LaneOwner,
  ) {}

  /** Calls the handler once more, after a wait. */
  protected abstract callAgain(afterMs: number): Promise<void>;

  get broker(): Broker {
    return this.owner.host.broker;
  }

  get binding(): Binding {
    return this.owner.binding;
  }

  get lane(): Lane {
    return this.owner.lane;
  }

  /** Why it is not settled yet, for `health()`: "waits for …". */
  abstract get waitsFor(): string;

  get cutOff(): Error | undefined {
    return this.cutReason ?? this.attemptCut;
  }

  /** Aborts the signal of the running attempt; what is unfinished stays unsettled. */
  cut(reason: Error): void {
    if (this.made !== undefined) this.owner.host.ailments.clear(this.incoming.position);
    this.cutReason ??= reason;
    this.owner.host.observer?.lost(this);
    for (const controller of this.controllers ?? []) controller.abort(reason);
  }

  /** Its handler had left it unsettled, and the server has delivered it again. */
  supersede(): void {
    this.superseded = true;
    const { handler, broker } = this.owner.binding;
    const what = `A message that ${handler} had not settled was delivered again`;
    this.cut(new MultiBrokerError('MULTI_BROKER_SETTLEMENT', what, { handler, broker }));
  }

  /** Aborts the signal of the running attempt alone. False: it was aborted before. */
  cutAttempt(reason: Error): boolean {
    if (this.attemptCut !== undefined) return false;
    this.attemptCut = reason;
    for (const controller of this.controllers ?? []) controller.abort(reason);
    return true;
  }

  watched(controller: AbortController): void {
    (this.controllers ??= []).push(controller);
  }

  settledByHand(how: HandSettlement, by: AttemptContext): boolean {
    if (this.superseded) {
      this.verdicts.tooLate();
      return true;
    }
    if (this.settled || this.byHand !== undefined || by !== this.current) return false;
    if (how === 'ack') this.ackByHand();
    else if ('reject' in how) this.rejectByHand(how.reject ?? 'rejected by its handler');
    else this.nackByHand(how.nackInMs ?? comesAgainInMs(1));
    return true;
  }

  /** Nacked or rejected: what its handler gave comes to nothing, or comes again. */
  protected get isGivenUp(): boolean {
    return this.byHand === 'nack' || this.byHand === 'reject';
  }

  /** As the newest attempt sees it. */
  protected get message(): DeliveredMessage | undefined {
    return this.current?.message;
  }

  /** Made at the first failure: most deliveries have none. */
  protected get verdicts(): Verdicts {
    return (this.made ??= new Verdicts(this.owner, this.incoming, () => this.message));
  }

  /** What belonged to the attempt before is forgotten. Returns the number of the call that begins. */
  protected freshCall(): number {
    this.attemptCut = undefined;
    this.controllers = undefined;
    return this.made?.nextCall() ?? 1;
  }

  protected settle(how: Settlement): void {
    if (this.settled || this.cutReason !== undefined) return;
    this.settled = true;
    const { ailments, observer } = this.owner.host;
    if (ailments.any && typeof how !== 'object') ailments.clear(this.incoming.position);
    this.owner.lane.settle(this.incoming, how);
    observer?.settled(this, how);
    this.owner.settled(this);
  }

  private ackByHand(): void {
    this.byHand = 'ack';
    this.settle('done');
  }

  private rejectByHand(reason: string): void {
    this.byHand = 'reject';
    this.refusal = this.verdicts.dropped(reason);
    this.settle('drop');
  }

  private nackByHand(inMs: number): void {
    const { again } = this.owner.lane;
    if (again === 'never') {
      this.rejectByHand('nacked by its handler, and nothing brings it back');
      return;
    }
    this.byHand = 'nack';
    if (again === 'server') this.settle({ againInMs: inMs });
    else this.nackedInMs = inMs;
    if (again === 'hold' && !this.active) this.owner.hold(() => this.callAgain(inMs));
  }
}

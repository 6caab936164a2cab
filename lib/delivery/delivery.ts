import { isThenable } from '../async/index.js';
import { type Broker, type Incoming, type Lane, outgoing, type Settlement } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { Binding, HandlerResult, ResultItem } from './binding.js';
import { Cancellation } from './cancellation.js';
import { AttemptContext, type AttemptOwner, type DeliveredMessage, type WantedSettlement } from './delivery-context.js';
import type { SentLetter } from './dead-letter/index.js';
import {
  type DeliveryTrace,
  isCallTraced,
  traceCall,
  traceCallOver,
  traceEnd,
  traceLoss,
  traceSettlement,
} from './diagnostics.js';
import { reportHandledByFilter } from './failure-report.js';
import { callHandler, itemsOf } from './handler-call.js';
import type { PlainRoute } from './plain-route.js';
import type { DeliveryStrand, Failure, LaneContext } from './lane-context.js';
import type { DeliveryObservers } from './observe.js';
import { PublicationPlan } from './publication.js';
import { isSequence, lastOf, publishResult, publishSequence } from './publish-result.js';
import { recover } from './recovery.js';
import { attemptOf, Attempts } from './retry.js';
import {
  finishManually,
  type ManuallySettled,
  type ManualSettlement,
  settleAsThrown,
  settleManually,
} from './settlement.js';
import type { Unconfirmed } from './single-publication.js';
import { passOver } from './unmatched.js';

/**
 * One arrival of one message at one binding, attempt by attempt, until it is settled.
 *
 * The handler's part ends when its promise does; the next message of the lane may then begin, while this one's
 * publishes are still being confirmed. It is settled when they are. A publish that fails for good holds the lane.
 *
 * ```text
 * begin ── call ── accept ── returned ── publish, publishSequence ── published ── complete ── end
 *            │ failed                                    failed │
 *            └──────── recover: policy.onFailure ◄──────────────┘
 *                             ├─ retry, hold: callInPlace ── callOnce, until one succeeds
 *                             ├─ settle, leave: give ── end
 *                             ├─ park: the dead letter is confirmed ── end
 *                             └─ settled by its handler: finishManually ── end, or callAfterNack
 * ```
 *
 * The first call goes by callbacks, as a promise for each message is expensive; a further one, in `callOnce`, by
 * promises.
 */
export class Delivery implements AttemptOwner, ManuallySettled {
  /** Settings and services of its lane: read at every step, so they are fields and no getters. */
  context: LaneContext;
  binding: Binding;
  readonly observers: DeliveryObservers;
  active = true;
  settled = false;
  /** Its lane is lost, or another delivery settles its message. */
  isCut = false;
  superseded = false;
  place = 0;
  trace: DeliveryTrace | undefined = undefined;
  observed: unknown = undefined;
  /** The handler's part, where `begin` gave no promise and yet it is not over. */
  rest: void | Promise<void> = undefined;
  /** When a call with `maxProcessingMs` has to be over, by the clock of the brokers. */
  limitAt = 0;
  /** The newest attempt: contexts of earlier ones settle nothing. */
  protected current: AttemptContext | undefined;
  protected inCall = false;
  /** The running call only awaits confirmations of the items that it gave so far. */
  confirming = false;
  /** The binding's filter does not want the message. */
  skipped = false;
  /** The publish of its result that is not confirmed yet. */
  publishing: Unconfirmed | undefined;
  /** Of a further call: resolves with the outcome of its publishes. */
  private awaited: ((error: Error | undefined) => void) | undefined;
  manual: ManualSettlement | undefined;
  private cancelled: Cancellation | undefined;
  private made: Attempts | undefined;

  constructor(
    readonly incoming: Incoming,
    readonly strand: DeliveryStrand,
  ) {
    this.context = strand.context;
    this.binding = strand.context.binding;
    this.observers = strand.context.host.observers;
  }

  get broker(): Broker {
    return this.context.host.broker;
  }

  get subscribed(): Binding {
    return this.strand.context.binding;
  }

  get lane(): Lane {
    return this.context.lane;
  }

  get redelivery(): Lane['redelivery'] {
    return this.strand.redelivery;
  }

  get waitsFor(): string {
    if (this.inCall) return 'is being handled, its handler has not ended';
    if (!this.active) return 'waits for its handler to settle it: context.ack(), nack() or reject()';
    if (this.publishing !== undefined) return `waits for the confirmation of its publish to ${this.publishing.target}`;
    return 'waits for a further call of its handler';
  }

  get moves(): boolean {
    return this.inCall && !this.confirming;
  }

  get cancellation(): Cancellation {
    return (this.cancelled ??= new Cancellation());
  }

  get application(): object {
    return this.context.host.application;
  }

  get wantsNoMore(): boolean {
    return this.isCut || this.isGivenUp;
  }

  /** Made at the first failure: most deliveries have none. */
  get attempts(): Attempts {
    return (this.made ??= new Attempts());
  }

  /** Calls of the handler so far, the running one included. */
  protected get calls(): number {
    return this.made?.calls ?? 1;
  }

  get message(): DeliveredMessage | undefined {
    return this.current?.message;
  }

  /** Nacked or rejected: its result is not published. */
  private get isGivenUp(): boolean {
    return this.manual !== undefined && this.manual.kind !== 'ack';
  }

  /**
   * Calls the handler. A promise is its result: the strand, which awaits it, then calls {@link accept} or
   * {@link recover}, which spares each message a promise and two closures. Nothing: its part is over, or goes on as
   * `rest`.
   */
  begin(): PromiseLike<unknown> | undefined {
    if (this.binding.ack === 'ack-first') this.settle('ack');
    try {
      const result = this.call(this.nextAttempt());
      if (isThenable(result)) return result;
      this.rest = this.accept(result);
    } catch (thrown) {
      this.rest = this.recover(thrown);
    }
    return undefined;
  }

  /** Takes what the handler returned. A promise: the handler's part is over when it resolves; it never rejects. */
  accept(returned: unknown): void | Promise<void> {
    const context = this.current as AttemptContext;
    try {
      return this.taken(returned, context)?.catch((thrown: unknown) => this.recover(thrown));
    } catch (thrown) {
      return this.recover(thrown);
    }
  }

  /** Takes what the handler threw. Resolves when its part is over, further calls included; never rejects. */
  recover(thrown: unknown): Promise<void> {
    this.called();
    return recover(this, thrown, 'call');
  }

  /** The next attempt has a context, and signals, of its own. */
  protected nextAttempt(): AttemptContext {
    this.cancelled?.nextAttempt();
    const call = this.made?.begin() ?? 1;
    // Most are the first call of a first delivery.
    const isFirst = call === 1 && this.incoming.deliveryCount === 1;
    const attempt = isFirst ? 1 : attemptOf(this.incoming, this.binding, call);
    return (this.current = new AttemptContext(this, attempt, this.current?.message));
  }

  protected call(context: AttemptContext): unknown {
    this.inCall = true;
    return isCallTraced(this) ? this.traced(context, callHandler) : callHandler(this.context, this, context);
  }

  protected traced<T>(context: AttemptContext, call: (on: LaneContext, by: Delivery, attempt: AttemptContext) => T): T {
    return traceCall(this, context, () => {
      // The attempt's own scope begins within the stores that listeners have bound.
      context.keepScope();
      return call(this.context, this, context);
    });
  }

  protected called(): void {
    if (!this.inCall) return;
    this.inCall = false;
    this.strand.idle(this);
    traceCallOver(this);
  }

  private taken(returned: unknown, context: AttemptContext): void | Promise<void> {
    if (this.skipped) {
      this.passedOver();
      return;
    }
    const { plain } = this.context;
    if (plain?.takes(returned, context) === true) {
      this.publishPlain(plain, returned, context);
      return;
    }
    const limited = this.binding.maxProcessingMs !== undefined;
    const items = limited ? (returned as HandlerResult) : itemsOf(returned, this.context, context);
    if (!isThenable(items)) return this.returned(items, context);
    return Promise.resolve(items).then((result) => this.returned(result, context));
  }

  /** No filter wants the message. Throws if it is to be rejected. */
  private passedOver(): void {
    passOver(this);
    this.called();
    this.published(undefined);
  }

  /**
   * Publishes what the handler returned. Nothing: the handler's part is over. Throws or rejects as the handler does.
   */
  private returned(result: HandlerResult, context: AttemptContext): void | Promise<void> {
    if (isSequence(result)) return this.publishSequence(result, context);
    this.called();
    this.context.host.counts.handled++;
    if (result === undefined || this.isGivenUp) this.published(undefined);
    else this.publish(result, context);
  }

  private publish(result: ResultItem | readonly ResultItem[], context: AttemptContext): void {
    const { routes, ack } = this.binding;
    if (routes.length === 0 || this.isCut) this.published(undefined, lastOf(result));
    else if (publishResult(result, this.plan(context), this) && ack !== 'manual') this.current = undefined;
  }

  /** The same as {@link returned} for most results, by the shortest way. */
  private publishPlain(plain: PlainRoute, payload: object, context: AttemptContext): void {
    this.called();
    this.context.host.counts.handled++;
    if (this.isCut || (this.manual !== undefined && this.isGivenUp)) this.published(undefined);
    else {
      const sent = plain.publish(payload, context, this);
      if (sent === undefined) this.publish(outgoing(payload), context);
      else if (sent && this.binding.ack !== 'manual') this.current = undefined;
    }
  }

  /** A sequence is the handler's part until its end. */
  private async publishSequence(items: AsyncIterable<ResultItem>, context: AttemptContext): Promise<void> {
    const { last, error } = await publishSequence(items, this.plan(context), this);
    this.called();
    this.context.host.counts.handled++;
    this.published(error, last);
  }

  /** Every publish is confirmed, or one failed for good. */
  published(error: Error | undefined, last?: ResultItem): void {
    const { awaited } = this;
    this.awaited = undefined;
    this.publishing = undefined;
    if (error === undefined) this.complete(last);
    if (awaited !== undefined) awaited(error);
    else if (error !== undefined) this.strand.held(this, () => recover(this, error, 'publish'));
  }

  private plan(context: AttemptContext): PublicationPlan {
    return new PublicationPlan(this.context, context, this.incoming);
  }

  async callOnce(): Promise<Failure | undefined> {
    const context = this.nextAttempt();
    const published = new Promise<Error | undefined>((resolve) => (this.awaited = resolve));
    try {
      await this.taken(await this.call(context), context);
    } catch (thrown) {
      this.called();
      this.awaited = undefined;
      return { error: asError(thrown), of: 'call' };
    }
    const error = await published;
    return error && { error, of: 'publish' };
  }

  /** Every publish is confirmed: settles, unless the handler did or will. */
  private complete(item: ResultItem | undefined): void {
    const { current, skipped } = this;
    if (this.isCut) {
      this.end();
      return;
    }
    if (this.manual !== undefined && this.isGivenUp) {
      finishManually(this, undefined);
      return;
    }
    const failure = item === undefined ? current?.failure : undefined;
    if (failure !== undefined) reportHandledByFilter(this, asError(failure));
    if (!skipped && current !== undefined) this.context.responder.answer(current, item);
    if (this.binding.ack !== 'manual' || skipped) this.finish();
    else this.end();
  }

  get settledByFilter(): boolean {
    return this.current?.settledByFilter === true;
  }

  finishManually(failure: Error): void {
    finishManually(this, failure);
  }

  settledByThrown(error: Error): boolean {
    return settleAsThrown(this, error);
  }

  lastContext(): AttemptContext {
    const attempt = attemptOf(this.incoming, this.binding, this.attempts.calls);
    return (this.current ??= new AttemptContext(this, attempt));
  }

  end(): void {
    if (!this.active) return;
    this.active = false;
    if (!this.settled) this.lane.leftUnsettled?.(this.incoming);
    this.strand.ended(this);
    traceEnd(this);
  }

  settle(how: Settlement, letter?: SentLetter): void {
    if (this.settled || this.isCut) return;
    this.tell(how, letter);
    this.strand.settled(this);
  }

  /** Tells the server. */
  private tell(how: Settlement, letter?: SentLetter): void {
    this.settled = true;
    const { host, lane } = this.context;
    if (host.healthIssues.any && typeof how !== 'object') host.healthIssues.clear(this.incoming.position);
    lane.settle(this.incoming, how);
    traceSettlement(this, how, letter);
  }

  /** Settles and ends it, as most deliveries end: for its strand that is one step. */
  private finish(): void {
    if (this.settled || this.isCut || !this.active) {
      this.settle('ack');
      this.end();
      return;
    }
    this.tell('ack');
    this.active = false;
    this.strand.finished(this);
    traceEnd(this);
  }

  forgotten(): void {
    this.strand.forgotten?.();
  }

  settledManually(wanted: WantedSettlement, by: AttemptContext): boolean {
    return settleManually(this, wanted, by === this.current);
  }

  cut(reason: Error): void {
    const { host } = this.context;
    if (this.made !== undefined) host.healthIssues.clear(this.incoming.position);
    traceLoss(this);
    this.isCut = true;
    this.cancellation.cut(reason);
  }
}

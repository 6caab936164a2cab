import { asError } from '../errors/index.js';
import { AttemptContext, type AttemptOwner } from './attempt-context.js';
import type { HandlerResult, ResultItem } from './binding.js';
import type { WaitsFor } from './delivery-observer.js';
import { refuseLoop } from './hop-guard.js';
import { attemptOf } from './log-fields.js';
import { watchProcessingTime } from './processing-time.js';
import { Publication, PublicationPlan, SinglePublication, type Unconfirmed } from './publication.js';
import { Settling } from './settling.js';
import { publishStream, type SequenceOwner } from './stream-publication.js';
import type { Verdict } from './verdict.js';

/** A failure, and of what: for a publish the handler is not called again in place. */
interface Failure {
  readonly error: Error;
  readonly of: 'call' | 'publish';
}

/**
 * One arrival of one message at one binding, attempt by attempt, until it is settled.
 *
 * The handler's part ends when its promise does; the next message of the lane may then begin, while this one's
 * publishes are still being confirmed. It is settled when they are. A publish that fails for good holds the lane.
 *
 * ```text
 * begin ── call ── accept ── returned ── publishItem(s), publishSequence ── published ── complete ── end
 *            │ failed                                          failed │
 *            └──────────── recover: judge ◄────────────────────────────┘
 *                             ├─ in milliseconds: callInPlace ── callOnce, until one succeeds
 *                             ├─ by the ack policy: give ── end
 *                             └─ settled by hand before: finishByHand ── end, or callAgain after a nack
 * ```
 *
 * The first call goes by callbacks, as a promise for each message is dear; a further one, in `callOnce`, by promises.
 */
export class Delivery extends Settling implements AttemptOwner {
  /** The handler's part, where `begin` gave no promise and yet it is not over. */
  rest: void | Promise<void> = undefined;
  private inCall = false;
  /** Of a call with `maxProcessingMs`: when it has to be over. */
  limitAt = 0;
  /** The binding's filter does not want it. */
  private skipped = false;
  /** What of its result is not confirmed yet. */
  private publishing: Unconfirmed | undefined;
  /** Of a call after a failure: told what became of its publishes. */
  private awaited: ((error: Error | undefined) => void) | undefined;

  get handler(): string {
    return this.owner.binding.handler;
  }

  get waitsFor(): string {
    if (this.inCall) return 'is being handled, its handler has not ended';
    if (!this.active) return 'waits for its handler to settle it: context.ack(), nack() or reject()';
    if (this.publishing !== undefined) return `waits for the confirmation of its publish to ${this.publishing.target}`;
    return 'waits for a further call of its handler';
  }

  /**
   * Calls the handler. A promise is its result: whoever awaits it then calls {@link accept} or {@link recover}, which
   * spares each message a promise and two closures. Nothing: its part is over, or goes on as `rest`.
   */
  begin(): PromiseLike<unknown> | undefined {
    if (this.owner.binding.ack === 'ack-first') this.settle('done');
    const context = this.nextAttempt();
    try {
      const result = this.call(context);
      if (isThenable(result)) return result;
      this.rest = this.accept(result);
    } catch (thrown) {
      this.rest = this.recover(thrown, 'call');
    }
    return undefined;
  }

  private nextAttempt(): AttemptContext {
    const attempt = attemptOf(this.incoming, this.owner.binding, this.freshCall());
    this.current = new AttemptContext(this, attempt, this.message);
    return this.current;
  }

  private call(context: AttemptContext): unknown {
    const { binding, host } = this.owner;
    this.inCall = true;
    this.owner.callBegan(this);
    host.observer?.called(this, context);
    const wanted = binding.filter?.(context) ?? true;
    if (typeof wanted === 'boolean') return this.callIf(wanted, context);
    return wanted.then((later) => this.callIf(later, context));
  }

  private callIf(wanted: boolean, context: AttemptContext): unknown {
    const { binding, host } = this.owner;
    if (!wanted) {
      this.skipped = true;
      return undefined;
    }
    if (binding.routes.length > 0) refuseLoop(context.textHeaders, host.maxHops, binding);
    return binding.maxProcessingMs === undefined
      ? context.enterAndKeep(() => binding.handle(context))
      : this.callLimited(context, binding.maxProcessingMs);
  }

  /** Until all that the handler gives is there, within `maxProcessingMs`. */
  private callLimited(context: AttemptContext, limitMs: number): unknown {
    this.limitAt = this.owner.host.clock.now() + limitMs;
    const returned = context.enterAndKeep(() => this.owner.binding.handle(context));
    const items = isThenable(returned)
      ? returned.then((value) => this.itemsOf(value, context))
      : this.itemsOf(returned, context);
    return isThenable(items) ? this.watch(Promise.resolve(items)) : items;
  }

  private itemsOf(returned: unknown, context: AttemptContext): HandlerResult | PromiseLike<HandlerResult> {
    const { items } = this.owner.binding;
    if (items === undefined) return returned as HandlerResult;
    // An Observable is subscribed here.
    return isInstance(returned) ? context.enter(() => items(returned)) : items(returned);
  }

  private watch<T>(running: Promise<T>): Promise<T> {
    return watchProcessingTime(running, this.owner, this);
  }

  private called(): void {
    if (!this.inCall) return;
    this.inCall = false;
    this.owner.callEnded();
    this.owner.host.observer?.callOver(this);
  }

  /** Takes what the handler returned. A promise: the handler's part is over when it resolves; it never rejects. */
  accept(returned: unknown): void | Promise<void> {
    const context = this.current as AttemptContext;
    try {
      return this.taken(returned, context)?.catch((thrown: unknown) => this.recover(thrown, 'call'));
    } catch (thrown) {
      return this.recover(thrown, 'call');
    }
  }

  private taken(returned: unknown, context: AttemptContext): void | Promise<void> {
    const limited = this.owner.binding.maxProcessingMs !== undefined;
    const items = limited || this.skipped ? (returned as HandlerResult) : this.itemsOf(returned, context);
    if (!isThenable(items)) return this.returned(items, context);
    return Promise.resolve(items).then((result) => this.returned(result, context));
  }

  /**
   * Publishes what the handler returned. Nothing: the handler's part is over. Throws or rejects as the handler does.
   */
  private returned(result: HandlerResult, context: AttemptContext): void | Promise<void> {
    if (isStream(result)) return this.publishSequence(result, context);
    this.called();
    this.owner.host.counts.handled++;
    if (result === undefined || this.isGivenUp) this.published(undefined);
    else if (Array.isArray(result)) this.publishItems(result as readonly ResultItem[], context);
    else this.publishItem(result as ResultItem, context);
  }

  private publishItem(item: ResultItem, context: AttemptContext): void {
    const { routes, ack } = this.owner.binding;
    const [route] = routes;
    if (
      route === undefined ||
      routes.length > 1 ||
      route.bestEffort === true ||
      this.incoming.replyTo !== undefined ||
      this.owner.binding.replies !== undefined ||
      this.cutReason !== undefined
    ) {
      this.publishItems([item], context);
      return;
    }
    try {
      this.publishing = SinglePublication.send(item, route, this.plan(context), this);
      // By its policy it is settled when that is confirmed, and needs its context no more.
      if (ack !== 'manual') this.current = undefined;
    } catch (thrown) {
      this.published(asError(thrown));
    }
  }

  private publishItems(items: readonly ResultItem[], context: AttemptContext): void {
    const last = items.at(-1);
    if (this.owner.binding.routes.length === 0 || this.cutReason !== undefined) {
      this.published(undefined, last);
      return;
    }
    const publication = new Publication(items, this.plan(context), 0, (error) => {
      this.published(error, last);
    });
    this.publishing = publication;
    publication.next();
  }

  /** A sequence is the handler's part until its end. */
  private async publishSequence(items: AsyncIterable<ResultItem>, context: AttemptContext): Promise<void> {
    const owner: SequenceOwner = {
      over: () => this.cutReason !== undefined || this.isGivenUp,
      confirms: (is) => { this.owner.callConfirms(is); }, // prettier-ignore
    };
    const publishing = context.enter(() => publishStream(items, this.plan(context), owner));
    const limited = this.owner.binding.maxProcessingMs !== undefined;
    const { last, error } = await (limited ? this.watch(publishing) : publishing);
    this.called();
    this.owner.host.counts.handled++;
    this.published(error, last);
  }

  /** Every publish is confirmed, or one failed for good. */
  published(error: Error | undefined, last?: ResultItem): void {
    const { awaited } = this;
    this.awaited = undefined;
    this.publishing = undefined;
    if (error === undefined) this.complete(last);
    if (awaited !== undefined) awaited(error);
    else if (error !== undefined) this.owner.hold(() => this.recover(error, 'publish'));
  }

  private plan(context: AttemptContext): PublicationPlan {
    return new PublicationPlan(this.owner, context, this.incoming);
  }

  /** After a failure: waits and calls again, as the verdicts say, until it succeeds or is given up. */
  async recover(thrown: unknown, of: Failure['of']): Promise<void> {
    this.called();
    let failure: Failure | undefined = { error: asError(thrown), of };
    while (failure !== undefined) {
      const waitMs = this.judge(failure);
      failure = waitMs === undefined ? undefined : await this.callInPlace(waitMs, failure.error);
    }
  }

  /** How long to wait for a further call; undefined: there is none. */
  private judge({ error, of }: Failure): number | undefined {
    if (this.cutReason !== undefined) {
      this.end();
      return undefined;
    }
    if (this.byHand !== undefined) {
      if (this.current?.settledByFilter === true) this.verdicts.settledByFilter(error);
      else this.verdicts.afterSettlement(error);
      this.owner.host.observer?.failed(this, error, 'failed');
      this.finishByHand(error);
      return undefined;
    }
    const verdict = this.verdicts.of(error, of);
    this.owner.host.observer?.failed(this, error, verdict);
    if (typeof verdict === 'number') return verdict;
    this.give(verdict, error);
    return undefined;
  }

  private async callInPlace(waitMs: number, before: Error): Promise<Failure | undefined> {
    const { owner } = this;
    const dueAt = owner.host.clock.now() + waitMs;
    await this.wait(waitMs, this.verdicts.waitsFor);
    while (this.isHeldUp) await this.freed();
    if (this.byHand !== undefined) this.finishByHand(before);
    else if (owner.ending) this.give(this.verdicts.interrupted(before), before);
    else if (owner.paused) this.give(this.verdicts.paused(before, dueAt), before);
    else return this.callOnce();
    return undefined;
  }

  /**
   * A handler that began before this message failed may still run, and a paused one is not called. What the server can
   * give to others, or bring again later, waits for no resume. Asked right before the call: several may wait for one.
   */
  private get isHeldUp(): boolean {
    const { calling, paused, lane } = this.owner;
    return calling || (paused && (lane.again !== 'server' || this.settled));
  }

  private freed(): Promise<void> {
    return this.owner.calling ? this.owner.callOver() : this.owner.resumed();
  }

  /** Waits for its publishes too: what failed once holds its lane until all of it is done. */
  private async callOnce(): Promise<Failure | undefined> {
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

  /** The user's nack on a lane whose failures delivery holds itself. */
  protected async callAgain(afterMs: number): Promise<void> {
    if (!this.active) {
      this.active = true;
      this.owner.revived();
    }
    await this.wait(afterMs, 'hold');
    while (this.isHeldUp) await this.freed();
    if (this.owner.ending) {
      this.end();
      return;
    }
    this.byHand = undefined;
    this.verdicts.newRound();
    const failure = await this.callOnce();
    if (failure !== undefined) await this.recover(failure.error, failure.of);
  }

  private wait(ms: number, what: WaitsFor): Promise<void> {
    const { observer } = this.owner.host;
    observer?.waits(this, what, ms);
    const atOnce = what === 'retry' && observer?.retriesAtOnce === true;
    return this.owner.wait(atOnce ? 0 : ms, what);
  }

  /** Every publish is confirmed: settles, unless the user did or will. */
  private complete(item: ResultItem | undefined): void {
    if (this.cutReason === undefined && this.isGivenUp) {
      this.finishByHand(undefined);
      return;
    }
    if (this.cutReason === undefined) {
      const failure = item === undefined ? this.current?.failure : undefined;
      if (failure !== undefined) this.verdicts.dealtWith(asError(failure));
      if (!this.skipped) this.owner.responder.answer(this.current, item);
      if (this.owner.binding.ack !== 'manual' || this.skipped) this.settle('done');
    }
    this.end();
  }

  /** The handler settled it itself; what is left to do is to call it again, or to answer. */
  private finishByHand(failure: Error | undefined): void {
    if (this.byHand === 'nack' && !this.settled) {
      this.owner.hold(() => this.callAgain(this.nackedInMs));
      return;
    }
    const told = this.byHand === 'nack' ? undefined : (this.refusal ?? failure);
    if (told !== undefined) this.owner.responder.fail(this.message, told);
    this.end();
  }

  private give(verdict: Exclude<Verdict, number>, error: Error): void {
    // What comes again has not failed yet for who asked.
    if (verdict === 'drop' || verdict === 'failed') this.owner.responder.fail(this.message, error);
    if (verdict !== 'leave' && verdict !== 'failed') this.settle(verdict);
    this.end();
  }

  private end(): void {
    if (!this.active) return;
    this.active = false;
    if (!this.settled) this.lane.leftUnsettled?.(this.incoming);
    this.owner.ended(this);
    this.owner.host.observer?.ended(this);
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<T>>).then === 'function';
}

/** Of a class of its own: neither a plain value nor a plain object, which cost nothing more than they did. */
function isInstance(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}

function isStream(result: HandlerResult): result is AsyncIterable<ResultItem> {
  return typeof result === 'object' && Symbol.asyncIterator in result;
}

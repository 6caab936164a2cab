import type { Broker, Incoming, Settlement } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { AttemptContext, type AttemptOwner, type HandSettlement } from './attempt-context.js';
import { comesAgainInMs } from './backoff.js';
import type { HandlerResult, ResultItem } from './binding.js';
import { refuseLoop } from './hop-guard.js';
import type { LaneOwner } from './lane-owner.js';
import { watchProcessingTime } from './processing-time.js';
import { Publication, PublicationPlan, publishStream } from './publication.js';
import { answer, answerFailure } from './reply.js';
import { Verdicts } from './verdict.js';

/**
 * One arrival of one message at one binding, attempt by attempt, until it is settled.
 *
 * The handler's part ends when its promise does; the next message of the lane may then begin, while this one's
 * publishes are still being confirmed. It is settled when they are. A publish that fails for good holds the lane.
 */
export class Delivery implements AttemptOwner {
  /** Handler or publishes run, or a further attempt is to come. */
  active = true;
  private cutReason: Error | undefined;
  private attemptCut: Error | undefined;
  private settled = false;
  private nackedInMs: number | undefined;
  private controllers: AbortController[] | undefined;
  /** Made at the first failure: most deliveries have none. */
  private verdicts: Verdicts | undefined;

  constructor(
    readonly incoming: Incoming,
    private readonly owner: LaneOwner,
  ) {}

  get cutOff(): Error | undefined {
    return this.cutReason ?? this.attemptCut;
  }

  get broker(): Broker {
    return this.owner.host.broker;
  }

  get handler(): string {
    return this.owner.binding.handler;
  }

  /** Nothing or a resolved promise: the handler's part is over. It never throws and never rejects. */
  begin(): void | Promise<void> {
    if (this.owner.binding.ack === 'ack-first') this.settle('done');
    const context = this.nextAttempt();
    try {
      const result = this.call(context);
      if (!isThenable(result)) {
        this.called();
        return this.returned(result, context);
      }
      return result.then(
        (value) => {
          this.called();
          return this.returned(value, context);
        },
        (thrown: unknown) => {
          this.called();
          return this.recover(thrown);
        },
      );
    } catch (thrown) {
      this.called();
      return this.recover(thrown);
    }
  }

  /** Aborts the signal of the running attempt; what is unfinished stays unsettled. */
  cut(reason: Error): void {
    this.cutReason ??= reason;
    for (const controller of this.controllers ?? []) controller.abort(reason);
  }

  /** Aborts the signal of the running attempt alone. */
  cutAttempt(reason: Error): void {
    this.attemptCut = reason;
    for (const controller of this.controllers ?? []) controller.abort(reason);
  }

  watched(controller: AbortController): void {
    (this.controllers ??= []).push(controller);
  }

  settledByHand(how: HandSettlement): boolean {
    if (this.settled || this.nackedInMs !== undefined) return false;
    if (how === 'ack') this.settle('done');
    else if ('reject' in how) this.drop(how.reject ?? 'rejected by its handler');
    else this.comeAgain(how.nackInMs ?? comesAgainInMs(this.incoming.deliveries));
    return true;
  }

  private nextAttempt(): AttemptContext {
    this.attemptCut = undefined;
    this.controllers = undefined;
    const earlier = (this.incoming.deliveries - 1) * this.owner.binding.retry.attempts;
    return new AttemptContext(this, earlier + (this.verdicts?.nextCall() ?? 1));
  }

  private call(context: AttemptContext): HandlerResult | Promise<HandlerResult> {
    const { binding, host } = this.owner;
    host.counts.running++;
    if (binding.routes.length > 0) refuseLoop(context.message, host.maxHops, binding);
    if (binding.filter !== undefined && !binding.filter(context.message)) return undefined;
    const result = binding.handle(context);
    return binding.maxProcessingMs === undefined ? result : watchProcessingTime(result, this.owner, this);
  }

  private called(): void {
    this.owner.host.counts.running--;
  }

  /** Publishes what the handler returned. Nothing: it is done or under way. */
  private returned(result: HandlerResult, context: AttemptContext): void | Promise<void> {
    this.owner.host.counts.handled++;
    if (result === undefined) {
      this.complete(undefined);
      return;
    }
    if (isStream(result)) return this.publishSequence(result, context);
    const items = Array.isArray(result) ? (result as readonly ResultItem[]) : [result as ResultItem];
    if (this.owner.binding.routes.length === 0) {
      this.complete(items.at(-1));
      return;
    }
    new Publication(items, this.plan(context), 0, (error) => {
      if (error === undefined) this.complete(items.at(-1));
      else this.owner.hold(this.recover(error, 'publish'));
    }).next();
  }

  private async publishSequence(items: AsyncIterable<ResultItem>, context: AttemptContext): Promise<void> {
    try {
      this.complete(await publishStream(items, this.plan(context)));
    } catch (thrown) {
      await this.recover(thrown);
    }
  }

  private plan(context: AttemptContext): PublicationPlan {
    return new PublicationPlan(this.owner.host, this.owner.binding, context);
  }

  /** After a failure: waits and calls again, as the verdicts say, until it succeeds or is given up. */
  private async recover(thrown: unknown, of: 'call' | 'publish' = 'call'): Promise<void> {
    const verdicts = (this.verdicts ??= new Verdicts(this.owner, this.incoming));
    let error = asError(thrown);
    for (let what = of; ; what = 'call') {
      const verdict = this.cutReason === undefined ? verdicts.of(error, what) : 'leave';
      if (typeof verdict !== 'number') {
        this.give(verdict, error);
        return;
      }
      await this.owner.wait(verdict);
      if (this.owner.ending) {
        this.give(verdicts.interrupted(error), error);
        return;
      }
      const context = this.nextAttempt();
      try {
        const result = await this.call(context);
        this.called();
        await this.returned(result, context);
        return;
      } catch (next) {
        this.called();
        error = asError(next);
      }
    }
  }

  /** Every publish is confirmed: settles, unless the user did or will. */
  private complete(item: ResultItem | undefined): void {
    if (this.nackedInMs !== undefined) {
      this.owner.hold(this.callAgain(this.nackedInMs));
      return;
    }
    answer(this.owner, this.incoming, item);
    if (this.owner.binding.ack !== 'manual') this.settle('done');
    this.end();
  }

  private give(verdict: 'leave' | Settlement, error: Error): void {
    if (verdict !== 'leave') {
      answerFailure(this.owner, this.incoming, error);
      this.settle(verdict);
    }
    this.end();
  }

  /** The user's nack on a lane whose failures delivery holds itself. */
  private async callAgain(afterMs: number): Promise<void> {
    this.nackedInMs = undefined;
    this.active = true;
    this.owner.revived(this);
    await this.owner.wait(afterMs);
    if (this.owner.ending) this.end();
    else await this.begin();
  }

  private comeAgain(inMs: number): void {
    const { again } = this.owner.lane;
    if (again === 'server') this.settle({ againInMs: inMs });
    else if (again === 'never') this.drop('nacked by its handler, and nothing brings it back');
    else if (this.active) this.nackedInMs = inMs;
    else this.owner.hold(this.callAgain(inMs));
  }

  private drop(reason: string): void {
    (this.verdicts ??= new Verdicts(this.owner, this.incoming)).dropped(reason);
    this.settle('drop');
  }

  private settle(how: Settlement): void {
    if (this.settled || this.cutReason !== undefined) return;
    this.settled = true;
    const { ailments } = this.owner.host;
    if (ailments.any) ailments.clear(this.incoming.position);
    this.owner.lane.settle(this.incoming, how);
    this.owner.settled(this);
  }

  private end(): void {
    this.active = false;
    this.owner.ended(this);
  }
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Promise<T>>).then === 'function';
}

function isStream(result: HandlerResult): result is AsyncIterable<ResultItem> {
  return typeof result === 'object' && Symbol.asyncIterator in result;
}

import { isThenable } from '../../async/index.js';
import { asError, codeOf } from '../../errors/index.js';
import type { BatchBinding, BatchResult } from '../binding.js';
import type { AttemptContext } from '../delivery-context.js';
import { isCallTraced, traceCall, traceJoined } from '../diagnostics.js';
import { watchProcessingTimeout } from '../handler-call.js';
import { refuseLoop } from '../headers.js';
import type { LaneContext } from '../lane-context.js';
import { BatchMember } from './batch-member.js';

/** One message that has failed for a reason of its own. */
export interface FailedMember {
  readonly member: BatchMember;
  readonly error: Error;
}

/** A message that takes part in a call. */
interface Joined {
  readonly member: BatchMember;
  readonly context: AttemptContext;
}

/**
 * One call of the handler with several messages. Afterwards each of them is taken (its result is on its way), has failed
 * alone, or is among those whose call has thrown.
 */
export class BatchCall {
  alone: FailedMember[] = [];
  /** At least one of these messages cannot be handled; it is not known which. */
  thrown: { readonly members: readonly BatchMember[]; readonly error: Error } | undefined;
  /** What the handler's part still consists of: sequences, for example. */
  private readonly rests: Promise<void>[] = [];

  private constructor(
    private readonly on: LaneContext,
    private readonly batch: BatchBinding,
    private readonly joined: readonly Joined[],
  ) {}

  /** Resolves when the handler's part is over; never rejects. @param counts see {@link BatchMember.join} */
  static async make(
    on: LaneContext,
    batch: BatchBinding,
    members: readonly BatchMember[],
    counts: boolean,
  ): Promise<BatchCall> {
    const joined = members.map((member) => ({ member, context: member.join(members.length, counts) }));
    const call = new BatchCall(on, batch, joined);
    const [first] = joined;
    if (first !== undefined && isCallTraced(first.member)) {
      await traceCall(first.member, first.context, () => call.traced());
    } else await call.run();
    call.keepOrder(members);
    return call;
  }

  /** Within the stores that listeners have bound to the first message: there the others are told, and scopes begin. */
  private traced(): Promise<void> {
    const [first] = this.joined;
    for (const [place, { member, context }] of this.joined.entries()) {
      if (place > 0 && first !== undefined) traceJoined(member, context, first.member);
      context.keepScope();
    }
    return this.run();
  }

  private async run(): Promise<void> {
    const ready = await this.prepared();
    if (ready.length > 0) await this.callWith(ready);
    await Promise.all(this.rests);
  }

  /** Decodes and validates each message that its filter wants; those that fail at it never reach the handler. */
  private async prepared(): Promise<readonly Joined[]> {
    const failures = new Map<BatchMember, unknown>();
    const later: Promise<void>[] = [];
    for (const one of this.joined) {
      const failed = (thrown: unknown): void => void failures.set(one.member, thrown);
      try {
        const waits = this.prepare(one);
        if (isThenable(waits)) later.push(Promise.resolve(waits).catch(failed));
      } catch (thrown) {
        failed(thrown);
      }
    }
    if (later.length > 0) await Promise.all(later);
    return this.joined.filter(({ member }) => {
      if (failures.has(member)) this.failedAlone(member, failures.get(member));
      else if (member.skipped) this.awaits(member.accept(undefined));
      else return true;
      return false;
    });
  }

  private prepare({ member, context }: Joined): void | PromiseLike<void> {
    const { binding, host } = this.on;
    const prepareIf = (wanted: boolean): void | PromiseLike<void> => {
      member.skipped = !wanted;
      if (!wanted) return undefined;
      if (binding.routes.length > 0) refuseLoop(context.textHeaders, host.maxHops(), binding);
      return this.batch.prepare(context);
    };
    const wanted = binding.filter?.(context) ?? true;
    return typeof wanted === 'boolean' ? prepareIf(wanted) : wanted.then(prepareIf);
  }

  private async callWith(ready: readonly Joined[]): Promise<void> {
    const members = ready.map(({ member }) => member);
    try {
      this.take(await this.handled(ready), members);
    } catch (thrown) {
      this.threw(asError(thrown), members);
    }
  }

  /** In the async scope of the first message, and with one time limit. */
  private handled(ready: readonly Joined[]): Promise<BatchResult> {
    const { member, context } = ready[0] as Joined;
    const contexts = ready.map((joined) => joined.context);
    const { maxProcessingMs } = this.on.binding;
    if (maxProcessingMs !== undefined) member.limitAt = this.on.host.clock.now() + maxProcessingMs;
    const handling = context.enterAndKeep(() => this.batch.handle(contexts));
    return maxProcessingMs === undefined ? handling : watchProcessingTimeout(handling, this.on, member);
  }

  /** Publishes the results. All of one turn of the event loop leaves as one batch. */
  private take(result: BatchResult, members: readonly BatchMember[]): void {
    if (result.ofAll !== undefined) {
      BatchMember.publishTogether(result.ofAll, members);
      return;
    }
    const { ofEach, failures } = result;
    for (const [place, member] of members.entries()) {
      if (failures?.has(place) === true) this.failedAlone(member, failures.get(place));
      else this.awaits(member.accept(ofEach[place]));
    }
  }

  private threw(error: Error, members: readonly BatchMember[]): void {
    for (const member of members) member.leave();
    // A smaller batch would have a result of the same wrong shape.
    if (codeOf(error) === 'MULTI_BROKER_BATCH_RESULT') {
      for (const member of members) this.failedAlone(member, error);
      return;
    }
    const open = members.filter((member) => member.isOpen);
    for (const member of members) if (!member.isOpen) this.rests.push(member.recover(error));
    if (open.length > 0) this.thrown = { members: open, error };
  }

  /**
   * Failures alone are recovered in the order of their messages. One that is behind a message of `thrown`, and in one order
   * with it, goes with that into the next call.
   */
  private keepOrder(members: readonly BatchMember[]): void {
    const { thrown, alone } = this;
    if (alone.length === 0) return;
    const goes = new Set(thrown?.members);
    const failed = new Map(alone.map((one) => [one.member, one]));
    const orders = new Set<unknown>();
    this.alone = members.flatMap((member) => {
      const failure = failed.get(member);
      if (goes.has(member)) orders.add(member.strand);
      else if (failure !== undefined && !orders.has(member.strand)) return failure;
      else if (failure !== undefined) goes.add(member);
      return [];
    });
    if (thrown === undefined || goes.size === thrown.members.length) return;
    this.thrown = { members: members.filter((member) => goes.has(member)), error: thrown.error };
  }

  private awaits(rest: void | Promise<void>): void {
    if (rest !== undefined) this.rests.push(rest);
  }

  private failedAlone(member: BatchMember, thrown: unknown): void {
    member.leave();
    this.alone.push({ member, error: asError(thrown) });
  }
}

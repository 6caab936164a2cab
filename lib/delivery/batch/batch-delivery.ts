import type { BatchBinding } from '../binding.js';
import type { Retry } from '../disposition.js';
import type { DeliveryStrand, LaneContext, Turn } from '../lane-context.js';
import { leaveUncalled, reportRetry, retryOf } from '../recovery.js';
import { BatchCall, type FailedMember } from './batch-call.js';
import type { BatchMember } from './batch-member.js';

/** Where a batch gets its calls: one at a time. */
export interface BatchTurns extends Pick<DeliveryStrand, 'wait' | 'idle'> {
  readonly context: LaneContext;
  /** Asks for a further call, as {@link DeliveryStrand.turn} does; `members` are those who may take part. */
  turn(first: BatchMember, members: readonly BatchMember[]): Turn;
  /** All of these take part in the call whose turn was granted. */
  together(members: readonly BatchMember[]): void;
}

type Members = readonly BatchMember[];

/**
 * The messages of one batch, call by call, until the handler's part is over for each of them.
 *
 * After a call that throws the batch is halved until the message that makes it throw is found: the first half is called;
 * if it succeeds the culprit is in the second, which is halved without a call of its own. That takes at most log2(n)
 * calls, which do not count as attempts. The culprit is then recovered like the message of any other handler, and what
 * was behind it is called in one batch again.
 */
export class BatchDelivery {
  /** @param on its handler's own, where several share the source */
  constructor(
    protected readonly turns: BatchTurns,
    protected readonly batch: BatchBinding,
    private readonly on: LaneContext = turns.context,
  ) {}

  /** The first call, whose turn was granted, and all that follow; never rejects. */
  async run(members: Members): Promise<void> {
    await this.handle(members, true);
  }

  protected async handle(first: Members, counts: boolean): Promise<void> {
    let members = first;
    let isCounted = counts;
    while (members.length > 0) {
      const { thrown } = await this.call(members, isCounted);
      if (thrown === undefined) return;
      const rest = await this.isolate(thrown.members, thrown.error);
      members = await this.turnOf(rest, thrown.error);
      isCounted = false;
    }
  }

  /** Finds the message that makes the call throw, and recovers it. Returns those behind it, which wait for a call. */
  private async isolate(members: Members, thrown: Error): Promise<Members> {
    let [suspects, error] = [members, thrown];
    let rest: Members = [];
    while (suspects.length > 1) {
      const middle = Math.ceil(suspects.length / 2);
      const others = suspects.slice(middle);
      const half = await this.turnOf(suspects.slice(0, middle), error);
      const end = half.length === 0 ? undefined : await this.call(half, false);
      if (end?.thrown === undefined) {
        // Where the half has named its failures, or cannot be called, nothing is known of the others.
        if (end === undefined || end.alone.length > 0) return [...others, ...rest];
        suspects = others;
      } else {
        rest = [...others, ...rest];
        ({ members: suspects, error } = end.thrown);
      }
    }
    const [culprit] = suspects;
    if (culprit !== undefined) await this.recover(culprit, error);
    return rest;
  }

  private async call(members: Members, counts: boolean): Promise<BatchCall> {
    this.turns.together(members);
    const call = await BatchCall.make(this.on, this.batch, members, counts);
    await this.called(call, members);
    return call;
  }

  /** Recovers those that have failed alone. */
  protected called(call: BatchCall, _members: Members): void | Promise<void> {
    return this.recoverAlone(call.alone);
  }

  /** Calls a message again alone, and does what its policy says. */
  protected recover(member: BatchMember, error: Error): void | Promise<void> {
    return member.recover(error);
  }

  /** Calls those together again that are retried; recovers the others one by one. */
  protected async recoverAlone(failed: readonly FailedMember[]): Promise<void> {
    const retries = failed.length < 2 ? [] : await Promise.all(failed.map(retried));
    const together = retries.filter((one) => one.retry !== undefined);
    if (together.length > 1) await this.retryTogether(together);
    const others = together.length > 1 ? retries.filter(({ retry }) => retry === undefined) : failed;
    for (const { member, error } of others) await this.recover(member, error);
  }

  protected async retryTogether(failed: readonly RetriedMember[]): Promise<void> {
    for (const { member, error, retry } of failed) if (retry !== undefined) reportRetry(member, error, retry);
    const inMs = Math.max(...failed.map(({ retry }) => retry?.inMs ?? 0));
    const { retriesAtOnce } = this.on.host;
    await this.turns.wait(retriesAtOnce ? 0 : inMs, 'retry');
    const [first] = failed;
    if (first === undefined) return;
    await this.handle(
      await this.turnOf(
        failed.map(({ member }) => member),
        first.error,
      ),
      true,
    );
  }

  /** The members that a further call may take along, once its turn has come. The others are over. */
  protected async turnOf(members: Members, before: Error): Promise<Members> {
    const [first] = members;
    if (first === undefined) return [];
    let turn: Turn = this.turns.turn(first, members);
    while (turn instanceof Promise) {
      await turn;
      turn = this.turns.turn(first, members);
    }
    if (turn !== 'call') {
      for (const member of members) leave(member, turn, before);
      return [];
    }
    const open = members.filter((member) => member.isOpen);
    if (open.length === 0) this.turns.idle(first);
    for (const member of members) if (!member.isOpen) close(member, before);
    return open;
  }
}

export interface RetriedMember extends FailedMember {
  readonly retry: Retry | undefined;
}

/** With what its policy says of a retry. */
export async function retried({ member, error }: FailedMember): Promise<RetriedMember> {
  return { member, error, retry: await retryOf(member, error) };
}

/** It was settled by hand, or its lane was lost, while it waited for a further call. */
function close(member: BatchMember, before: Error): void {
  if (member.isCut || member.manual === undefined) member.end();
  else member.finishManually(before);
}

function leave(member: BatchMember, turn: 'lane-ended' | 'paused', before: Error): void {
  if (member.isOpen) leaveUncalled(member, turn, before, 0);
  else close(member, before);
}

import type { BatchBinding } from '../binding.js';
import type { KeySlots } from '../side-by-side/index.js';
import type { BatchCall, FailedMember } from './batch-call.js';
import { BatchCaller } from './batch-caller.js';
import { BatchDelivery, retried, type RetriedMember } from './batch-delivery.js';
import { type BatchKey, keyOf } from './batch-key.js';
import type { BatchMember } from './batch-member.js';

type Members = readonly BatchMember[];

/**
 * A batch of several keys. What fails holds its own key once it is alone: the messages of that key that are behind it
 * wait for it, and then go on as a batch of their own, while those of other keys are called on at once.
 */
export class KeyedBatchDelivery extends BatchDelivery {
  /** How many messages of each key are not over yet. */
  private readonly open = new Map<BatchKey, number>();
  /** Keys with a message that is called again alone, or together with others that have failed; and those behind it. */
  private readonly recovering = new Map<BatchKey, FailedMember[]>();
  /** How many messages it has had of each key. */
  private readonly given: ReadonlyMap<BatchKey, number>;

  /** @param over the handler's part is over for so many messages of the key, all that it has here */
  constructor(
    private readonly slots: KeySlots,
    batch: BatchBinding,
    members: Members,
    private readonly over: (key: BatchKey, count: number) => void,
    caller = new BatchCaller(slots),
  ) {
    super(caller, batch);
    for (const member of members) this.count(keyOf(member), 1);
    this.given = new Map(this.open);
  }

  protected override called({ alone, thrown }: BatchCall, members: Members): void {
    const failed = new Set(thrown?.members);
    for (const { member } of alone) failed.add(member);
    if (alone.length > 0) void this.recoverAlone(alone);
    for (const member of members) if (!failed.has(member)) this.done(keyOf(member), 1);
  }

  /** Those that are retried go on together, the others of each key one after another; all of it beside this batch. */
  protected override async recoverAlone(failed: readonly FailedMember[]): Promise<void> {
    for (const { member } of failed) this.recovering.set(keyOf(member), []);
    const retries = failed.length < 2 ? undefined : await Promise.all(failed.map(retried));
    const together = retries === undefined ? [] : retriedKeys(retries);
    const isTogether = together.length > 1;
    if (isTogether) void this.partOf(together.map(({ member }) => member)).retryTogether(together);
    const apart = isTogether ? failed.filter(({ member }) => !together.some((one) => one.member === member)) : failed;
    for (const [key, ofKey] of byKey(apart)) void this.recoverInOrder(key, ofKey);
  }

  protected override recover(member: BatchMember, error: Error): void {
    const key = keyOf(member);
    if (this.isBehind(member, error)) return;
    this.recovering.set(key, []);
    void this.recoverInOrder(key, [{ member, error }]);
  }

  /** Without those whose key has a message that is being recovered. */
  protected override async turnOf(members: Members, before: Error): Promise<Members> {
    const callable = members.filter((member) => !this.isBehind(member, before));
    const open = new Set(await super.turnOf(callable, before));
    for (const member of callable) if (!open.has(member)) this.done(keyOf(member), 1);
    return [...open];
  }

  private isBehind(member: BatchMember, error: Error): boolean {
    const behind = this.recovering.get(keyOf(member));
    behind?.push({ member, error });
    return behind !== undefined;
  }

  private async recoverInOrder(key: BatchKey, failed: readonly FailedMember[]): Promise<void> {
    for (const { member, error } of failed) await member.recover(error);
    this.recovered(key, failed.length);
  }

  /** The key goes on with what is behind: messages of this batch, and then those that came later. */
  private recovered(key: BatchKey, count: number): void {
    const behind = this.recovering.get(key) ?? [];
    const [first] = behind;
    if (first === undefined) this.recovering.delete(key);
    else {
      this.recovering.set(key, []);
      const members = behind.map(({ member }) => member);
      void this.partOf(members).goOn(members, first.error);
    }
    this.done(key, count);
  }

  private partOf(members: Members): KeyedBatchDelivery {
    return new KeyedBatchDelivery(this.slots, this.batch, members, (key, count) => this.recovered(key, count));
  }

  private async goOn(members: Members, before: Error): Promise<void> {
    await this.handle(await this.turnOf(members, before), false);
  }

  private done(key: BatchKey, count: number): void {
    if (this.count(key, -count) > 0) return;
    this.open.delete(key);
    this.over(key, this.given.get(key) ?? 0);
  }

  private count(key: BatchKey, by: number): number {
    const count = (this.open.get(key) ?? 0) + by;
    this.open.set(key, count);
    return count;
  }
}

/** Of the keys of which all failed messages are retried: a message is not called before one of its key that it follows. */
function retriedKeys(failed: readonly RetriedMember[]): readonly RetriedMember[] {
  const others = new Set(failed.filter(({ retry }) => retry === undefined).map(({ member }) => keyOf(member)));
  return failed.filter(({ member }) => !others.has(keyOf(member)));
}

function byKey(failed: readonly FailedMember[]): ReadonlyMap<BatchKey, FailedMember[]> {
  const keys = new Map<BatchKey, FailedMember[]>();
  for (const one of failed) {
    const ofKey = keys.get(keyOf(one.member));
    if (ofKey === undefined) keys.set(keyOf(one.member), [one]);
    else ofKey.push(one);
  }
  return keys;
}

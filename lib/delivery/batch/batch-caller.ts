import type { InFlightDelivery } from '../in-flight.js';
import type { Turn } from '../lane-context.js';
import { SlotCaller } from '../side-by-side/index.js';
import type { BatchTurns } from './batch-delivery.js';
import { type BatchKey, keyOf } from './batch-key.js';
import type { BatchMember } from './batch-member.js';

const NONE: readonly BatchMember[] = [];

/** Makes the calls of one batch, one after another. While one runs, nothing else of its keys is called. */
export class BatchCaller extends SlotCaller implements BatchTurns {
  /** Messages of the running call. */
  private members = NONE;
  /** How many of them the handler still has. */
  private handled = 0;
  private keys: ReadonlySet<BatchKey> = new Set();

  override get moves(): boolean {
    return this.members.some(({ moves }) => moves);
  }

  get behind(): number {
    let behind = 0;
    for (const { queue } of this.keys) behind += queue.length;
    return behind;
  }

  /** The first call, for which the lane has one left. */
  begins(members: readonly BatchMember[]): void {
    const [first] = members;
    if (first === undefined) return;
    this.began(first);
    this.together(members);
  }

  /** Waits, too, for a message of one of the keys that is called alone. */
  override turn(first: InFlightDelivery, members: readonly BatchMember[] = NONE): Turn {
    for (const member of members) {
      const key = keyOf(member);
      if (key.call !== undefined) return key.called();
    }
    const turn = super.turn(first);
    if (turn !== 'call') return turn;
    this.together(members);
    // Given back by one `idle`, unless it is made.
    this.handled = 1;
    return turn;
  }

  together(members: readonly BatchMember[]): void {
    this.handled = members.length;
    if (members === this.members) return;
    this.members = members;
    this.call = members[0] ?? this.call;
    const keys = new Set<BatchKey>();
    for (const member of members) {
      const key = keyOf(member);
      if (!keys.has(key)) key.enters(this, member);
      keys.add(key);
    }
    const before = this.keys;
    this.keys = keys;
    for (const key of before) if (!keys.has(key)) key.leaves();
  }

  /** The call is over when it is for each of its messages. */
  override idle(delivery?: InFlightDelivery): void {
    if (--this.handled > 0) return;
    const { keys } = this;
    this.members = NONE;
    this.keys = new Set();
    super.idle(delivery);
    for (const key of keys) key.leaves();
  }
}

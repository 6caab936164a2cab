import type { Incoming } from '../../driver/index.js';
import type { BatchBinding, SideBySide } from '../binding.js';
import type { OrderedLane } from '../call-order.js';
import { type CallBudget, CallsAtOnce, type KeySlots } from '../side-by-side/index.js';
import { BatchCaller } from './batch-caller.js';
import { BatchKey } from './batch-key.js';
import { BatchMember } from './batch-member.js';
import { KeyedBacklog } from './keyed-backlog.js';
import { KeyedBatchDelivery } from './keyed-batch-delivery.js';

const NONE: readonly Incoming[] = [];

/**
 * Batches side by side. A batch has the messages of a set of keys, and no other one has any of these before the handler is
 * done with them. With `maxWaitMs` the next batch is put off until there are enough messages for it, or the first has
 * waited that long.
 */
export class KeyedBatches extends CallsAtOnce implements KeySlots {
  private readonly backlog: KeyedBacklog;
  /** What came within this turn of the event loop is there. */
  private collected = false;
  /** When the first message of the next batch has waited long enough. */
  private wakesAt: number | undefined;
  private cancelWake: (() => void) | undefined;

  constructor(
    lane: OrderedLane,
    private readonly batch: BatchBinding,
    { keyOf, perLane }: SideBySide,
    budget?: CallBudget,
  ) {
    super(lane, perLane, budget, perLane * batch.maxSize);
    this.backlog = new KeyedBacklog(keyOf, (key) => new BatchKey(key, this));
  }

  get waiting(): number {
    return this.backlog.waiting;
  }

  get ready(): number {
    return this.backlog.available;
  }

  get waitingSince(): number | undefined {
    return this.isGathering ? undefined : this.backlog.availableSince;
  }

  get messages(): Iterable<Incoming> {
    return this.backlog.messages();
  }

  /** Messages that a batch waits with are as good as being handled. */
  get kept(): Iterable<Incoming> {
    return this.isGathering ? this.backlog.messages() : this.backlog.behind();
  }

  /** How many messages calls could take now. */
  get free(): number {
    const most = this.freeCalls * this.batch.maxSize;
    return this.isGathering ? Math.max(0, most - this.ready) : most;
  }

  push(batch: readonly Incoming[], at = this.now): void {
    for (const message of batch) this.backlog.push(message, at);
  }

  clear(): readonly Incoming[] {
    return this.backlog.clear();
  }

  release(): readonly Incoming[] {
    return this.isGathering ? NONE : this.backlog.release();
  }

  rests(key: BatchKey): void {
    this.backlog.rests(key, () => this.now);
    this.kick();
  }

  holds(key: BatchKey): void {
    this.backlog.holds(key);
  }

  protected get hasReady(): boolean {
    return this.ready > 0 && this.leftMs <= 0;
  }

  protected get isShort(): boolean {
    return (this.ready === 0 || this.isGathering) && !this.isCrowded;
  }

  /** Clients hand over the messages of one packet one after another, and keys of one call become free one by one. */
  protected override collects(): boolean {
    if (this.collected || this.isComplete) return false;
    this.collected = true;
    return true;
  }

  protected beginsReady(): boolean {
    this.collected = false;
    const members = this.backlog.nextBatch(this.batch).map(({ message, key }) => this.open(message, key));
    if (members.length === 0) return false;
    const caller = new BatchCaller(this);
    caller.begins(members);
    void new KeyedBatchDelivery(this, this.batch, members, (key) => key.over(), caller).run(members);
    return true;
  }

  protected override wantsMore(): void {
    this.collected = false;
    super.wantsMore();
    this.wakeWhenDue();
  }

  private get now(): number {
    return this.lane.context.host.clock.now();
  }

  /** Whether a batch waits for nothing more: it is full, or those that came are handled and no more will come. */
  private get isComplete(): boolean {
    const { maxSize, maxBytes = Infinity } = this.batch;
    return this.ready >= maxSize || this.backlog.bytes >= maxBytes || this.lane.gate.draining;
  }

  /** How long the next batch waits for further messages. */
  private get leftMs(): number {
    const { maxWaitMs } = this.batch;
    if (maxWaitMs === 0 || this.isComplete) return 0;
    return (this.backlog.availableSince ?? 0) + maxWaitMs - this.now;
  }

  /** The next batch waits for further messages, and for nothing else. */
  private get isGathering(): boolean {
    return this.ready > 0 && !this.isBusy && this.leftMs > 0 && this.lane.mayBegin();
  }

  private wakeWhenDue(): void {
    const dueAt = this.isGathering ? this.now + this.leftMs : undefined;
    if (dueAt === this.wakesAt) return;
    this.cancelWake?.();
    this.wakesAt = dueAt;
    if (dueAt === undefined) return;
    const wake = (): void => {
      this.wakesAt = undefined;
      this.kick();
    };
    this.cancelWake = this.lane.context.host.clock.after(dueAt - this.now, wake, 'batch');
  }

  private open(message: Incoming, key: BatchKey): BatchMember {
    this.lane.left(message);
    const member = new BatchMember(message, key);
    key.joins();
    this.lane.inFlight.add(member);
    return member;
  }
}

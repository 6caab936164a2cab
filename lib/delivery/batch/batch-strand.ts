import { Waiters } from '../../async/index.js';
import type { Incoming } from '../../driver/index.js';
import type { BatchBinding } from '../binding.js';
import type { OrderedLane } from '../call-order.js';
import { BatchDelivery } from './batch-delivery.js';
import { BatchMember } from './batch-member.js';
import { JointStrand } from './joint-strand.js';

const NONE: readonly Incoming[] = [];

/**
 * One order of calls, each with several messages: all that wait, up to `maxSize`. With `maxWaitMs` a call is put off
 * until there are enough of them, or the first has waited that long.
 */
export class BatchStrand extends JointStrand {
  private readonly delivery: BatchDelivery;
  /** Of the bodies that wait; counted only if they are limited. */
  private bytes = 0;
  /** A batch waits for further messages. */
  private isGathering = false;
  private readonly gathered = new Waiters();

  constructor(
    lane: OrderedLane,
    private readonly batch: BatchBinding,
  ) {
    super(lane);
    this.delivery = new BatchDelivery(this, batch);
  }

  /** Messages that a batch waits with are as good as being handled. */
  override get kept(): Iterable<Incoming> {
    return this.isGathering ? this.queue : NONE;
  }

  override get waitingSince(): number | undefined {
    return this.isGathering ? undefined : this.queue.since;
  }

  override get isBusy(): boolean {
    return super.isBusy && !this.isGathering;
  }

  /** How many messages a call could take now. */
  override get free(): number {
    if (this.isGathering) return Math.max(0, this.batch.maxSize - this.queue.length);
    return this.pumping ? 0 : this.batch.maxSize;
  }

  override release(): readonly Incoming[] {
    return this.isGathering ? NONE : this.clear();
  }

  override push(batch: readonly Incoming[], at = this.context.host.clock.now()): void {
    super.push(batch, at);
    if (this.batch.maxBytes !== undefined) for (const message of batch) this.bytes += bytesOf(message);
  }

  override clear(): readonly Incoming[] {
    this.bytes = 0;
    const messages = super.clear();
    this.gathered.wake();
    return messages;
  }

  override kick(): void {
    if (!this.isGathering) super.kick();
    else if (this.isComplete || !this.mayBegin()) this.gathered.wake();
  }

  protected override async pump(): Promise<void> {
    const { turns } = this.context.host;
    while (this.queue.length > 0 && this.mayBegin()) {
      // Clients hand over the messages of one packet one after another, within one turn of the event loop.
      if (turns.due() || !this.isComplete) await this.loopTurn();
      if (this.mayBegin()) await this.gather();
      if (!this.mayBegin()) break;
      const members = this.nextBatch();
      const [first] = members;
      if (first === undefined) break;
      this.began(first);
      await this.delivery.run(members);
    }
    this.stop();
  }

  /** Whether a batch waits for nothing more: it is full, or those that came are handled and no more will come. */
  private get isComplete(): boolean {
    const { maxSize, maxBytes = Infinity } = this.batch;
    return this.queue.length >= maxSize || this.bytes >= maxBytes || this.lane.gate.draining;
  }

  private async gather(): Promise<void> {
    const { clock } = this.context.host;
    const leftMs = (this.queue.since ?? 0) + this.batch.maxWaitMs - clock.now();
    if (leftMs <= 0 || this.isComplete) return;
    this.isGathering = true;
    this.lane.starved();
    const cancel = clock.after(leftMs, () => this.gathered.wake(), 'batch');
    await this.gathered.wait();
    cancel();
    this.isGathering = false;
  }

  /** Takes messages out of the queue. One that is larger than `maxBytes` is a batch of its own. */
  private nextBatch(): readonly BatchMember[] {
    const { maxSize, maxBytes } = this.batch;
    const members: BatchMember[] = [];
    let bytes = 0;
    for (let next = this.queue.next; next !== undefined && members.length < maxSize; next = this.queue.next) {
      if (maxBytes !== undefined) {
        bytes += bytesOf(next);
        if (bytes > maxBytes && members.length > 0) break;
        this.bytes -= bytesOf(next);
      }
      this.queue.shift();
      members.push(this.open(next));
    }
    return members;
  }

  private open(message: Incoming): BatchMember {
    this.lane.left(message);
    const member = new BatchMember(message, this);
    this.lane.inFlight.add(member);
    return member;
  }
}

function bytesOf({ body }: Incoming): number {
  return body?.byteLength ?? 0;
}

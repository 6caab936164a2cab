import { Waiters } from '../../async/index.js';
import type { Incoming } from '../../driver/index.js';
import { type AskedMessage, askFilters } from '../asked-message.js';
import { type Binding, largestBatch } from '../binding.js';
import type { OrderedLane } from '../call-order.js';
import type { Delivery } from '../delivery.js';
import type { Counts } from '../delivery-host.js';
import type { LaneContext, Sharing } from '../lane-context.js';
import type { Undecided } from '../lane-health.js';
import { SharedDelivery } from '../shared-delivery.js';
import { BatchDelivery } from './batch-delivery.js';
import { BatchMember } from './batch-member.js';
import { CallPlan, messagesOf, MOST_PASSED, type PlannedCall } from './call-plan.js';
import { JointStrand } from './joint-strand.js';

/**
 * One order of calls for handlers that share a source, some of which take batches. The filters are asked once a message
 * has come, so that a batch finds the messages of its handler among those of others; a {@link CallPlan} keeps the order.
 */
export class SharedBatchStrand extends JointStrand {
  private readonly plan: CallPlan;
  private readonly largest: number;
  /** All that is planned waits for further messages. */
  private isGathering = false;
  undecided: Undecided | undefined;
  private readonly changed = new Waiters();
  /** Of the handler whose batch is being handled. */
  private counts: Counts | undefined;

  constructor(
    lane: OrderedLane,
    private readonly shared: Sharing,
  ) {
    super(lane);
    const { lane: source, binding } = lane.context;
    this.plan = new CallPlan(({ key }) => key, source.redelivery === 'in-place' ? MOST_PASSED : Infinity);
    this.largest = largestBatch(binding) ?? 1;
  }

  override get waiting(): number {
    return this.queue.length + this.plan.size;
  }

  override get ready(): number {
    return this.waiting;
  }

  override get behind(): number {
    return this.waiting;
  }

  override get messages(): Iterable<Incoming> {
    return [...messagesOf(this.plan), ...this.queue];
  }

  /** Messages that a batch waits with are as good as being handled. */
  override get kept(): Iterable<Incoming> {
    return messagesOf(this.isGathering ? this.plan : this.plan.kept(this.now));
  }

  override get waitingSince(): number | undefined {
    return this.isGathering ? undefined : (this.plan.due(this.now)?.since ?? this.queue.since);
  }

  override get isBusy(): boolean {
    return super.isBusy && !this.isGathering;
  }

  override get free(): number {
    if (this.isGathering) return Math.max(1, this.largest - this.plan.size);
    return this.pumping ? 0 : this.largest;
  }

  override get moving(): number {
    return this.undecided === undefined ? super.moving : 1;
  }

  waitingFor(binding: Binding): number {
    let waiting = 0;
    for (const { messages } of this.plan)
      for (const { choice } of messages) if (choice?.on.binding === binding) waiting++;
    return waiting;
  }

  override push(batch: readonly Incoming[], at = this.context.host.clock.now()): void {
    super.push(batch, at);
  }

  override release(): readonly Incoming[] {
    return this.isGathering ? [] : [...this.plan.release(this.now), ...super.clear()];
  }

  override clear(): readonly Incoming[] {
    const messages = [...this.plan.clear(), ...super.clear()];
    this.changed.wake();
    return messages;
  }

  override kick(): void {
    if (this.isGathering) this.changed.wake();
    else super.kick();
  }

  override together(members: readonly BatchMember[]): void {
    super.together(members);
    this.countFor(members[0]?.context.host.counts);
  }

  override idle(): void {
    super.idle();
    if (!this.calling) this.countFor(undefined);
  }

  protected override async pump(): Promise<void> {
    const { turns } = this.context.host;
    while (this.waiting > 0 && this.mayBegin()) {
      // Clients hand over the messages of one packet one after another, within one turn of the event loop.
      if (turns.due() || !this.plan.hasDue(-Infinity)) await this.loopTurn();
      await this.ask();
      await this.gather();
      const call = this.mayBegin() ? this.plan.next(this.now) : undefined;
      if (call !== undefined) await this.make(call);
    }
    this.stop();
  }

  private get now(): number {
    // What comes no more is not waited for.
    return this.lane.gate.draining ? Infinity : this.context.host.clock.now();
  }

  /** Asks who takes the messages that have come, in their order. */
  private async ask(): Promise<void> {
    for (let next = this.queue.next; next !== undefined && this.mayBegin(); next = this.queue.next) {
      if (this.plan.isFull) return;
      const asked = askFilters(next, this.queue.since ?? 0, this.context, this.shared);
      const known = asked instanceof Promise ? await this.asked(next, asked) : asked;
      // It may have been given back meanwhile.
      if (this.queue.next !== next) continue;
      this.queue.shift();
      if (this.isApart(known)) this.plan.addApart(known);
      else this.plan.add(known);
    }
  }

  private async asked(message: Incoming, asking: Promise<AskedMessage>): Promise<AskedMessage> {
    this.undecided = { message, since: this.context.host.clock.now() };
    const asked = await asking;
    this.undecided = undefined;
    return asked;
  }

  private isApart({ message, choice }: AskedMessage): boolean {
    return choice === undefined || this.lane.requests?.takes(message, choice.on) === true;
  }

  /** Waits until a batch is due, or more messages have come. */
  private async gather(): Promise<void> {
    if (this.plan.size === 0 || !this.mayBegin() || this.plan.hasDue(this.now)) return;
    this.isGathering = true;
    const changed = this.changed.wait();
    this.lane.starved();
    const { clock } = this.context.host;
    const cancel = clock.after(this.plan.dueAt - clock.now(), () => this.changed.wake(), 'batch');
    await changed;
    cancel();
    this.isGathering = false;
  }

  private async make({ messages, batch }: PlannedCall): Promise<void> {
    const [first] = messages;
    if (first?.choice === undefined || batch === undefined) {
      for (const asked of messages) await this.callAlone(asked);
      return;
    }
    const { on } = first.choice;
    const members = messages.map((asked) => this.openMember(asked, on));
    this.began(members[0] as BatchMember);
    await new BatchDelivery(this, batch, on).run(members);
  }

  private openMember(asked: AskedMessage, on: LaneContext): BatchMember {
    const member = new BatchMember(asked.message, this, asked);
    member.takenBy(on);
    this.open(member);
    return member;
  }

  private async callAlone(asked: AskedMessage): Promise<void> {
    const { message, choice } = asked;
    const requests = this.lane.requests?.takes(message, choice?.on) === true ? this.lane.requests : undefined;
    const delivery = new SharedDelivery(message, requests ?? this, asked);
    this.open(delivery);
    if (requests !== undefined) {
      requests.run(delivery);
      return;
    }
    this.began(delivery);
    try {
      const running = delivery.begin();
      await (running === undefined ? delivery.rest : delivery.accept(await running));
    } catch (thrown) {
      await delivery.recover(thrown);
    }
  }

  private open(delivery: Delivery): void {
    this.lane.left(delivery.incoming);
    this.lane.inFlight.add(delivery);
  }

  /** Its running call is one of this handler's. */
  private countFor(counts: Counts | undefined): void {
    const ofAll = this.context.host.counts;
    (this.counts ?? ofAll).running--;
    (counts ?? ofAll).running++;
    this.counts = counts;
  }
}

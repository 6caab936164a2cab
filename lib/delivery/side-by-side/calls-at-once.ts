import { Fifo } from '../../async/index.js';
import type { Incoming, Lane } from '../../driver/index.js';
import { type CallOrder, NEVER, type OrderedLane } from '../call-order.js';
import type { InFlightDelivery } from '../in-flight.js';
import type { BudgetedLane, CallBudget } from './call-budget.js';
import type { CallSlots, SlotCaller } from './slot-caller.js';

/**
 * At most `perLane` calls of a lane at once, and of all lanes what their budget allows. What waits for a retry, or is
 * held, takes up none of them; when its further call is due, that goes before new messages. Which messages a new call
 * has is its subclass's matter.
 */
export abstract class CallsAtOnce implements CallOrder, CallSlots, BudgetedLane {
  stoodSince = NEVER;
  readonly isHeld = false;
  /** How a failed message that has a key comes again. One call at a time is no order by key. */
  readonly keyedRedelivery: Lane['redelivery'];
  /** Those with a delivery that asks for a further call: before new messages, as others may wait behind it. */
  private readonly asking = new Fifo<SlotCaller>();
  /** In the order in which their handlers were called. */
  private readonly calling = new Set<SlotCaller>();
  /** Calls that run or are about to. */
  private taken = 0;
  /** New calls are being begun. */
  private beginning = false;
  /** That yields to the event loop. */
  private inTurn = false;
  /** It is about to look for what may begin. */
  private woken = false;

  constructor(
    readonly lane: OrderedLane,
    private readonly perLane: number,
    private readonly budget?: CallBudget,
    /** Messages of all calls together. */
    private readonly atOnce = perLane,
  ) {
    const of = lane.context.lane;
    this.keyedRedelivery = perLane > 1 ? redeliveryOfKeys(of) : of.redelivery;
  }

  abstract readonly waiting: number;
  abstract readonly ready: number;
  abstract readonly waitingSince: number | undefined;
  abstract readonly messages: Iterable<Incoming>;
  abstract readonly kept: Iterable<Incoming>;
  abstract readonly free: number;
  abstract push(batch: readonly Incoming[], at?: number): void;
  abstract clear(): readonly Incoming[];
  abstract release(): readonly Incoming[];
  /** Whether there are messages for a new call. */
  protected abstract readonly hasReady: boolean;
  /** Whether more messages could be put to use, were a call free. */
  protected abstract readonly isShort: boolean;
  /** Gives a call to the next messages. False: there are none. */
  protected abstract beginsReady(): boolean;

  get calls(): number {
    return this.calling.size;
  }

  get latest(): InFlightDelivery | undefined {
    return this.longest?.call;
  }

  get calledAt(): number {
    return this.longest?.calledAt ?? 0;
  }

  get behind(): number {
    return this.isBusy ? this.waiting : (this.longest?.behind ?? 0);
  }

  get moving(): number {
    let moving = this.inTurn || this.woken ? 1 : 0;
    for (const { moves } of this.calling) if (moves) moving++;
    return moving;
  }

  get isBusy(): boolean {
    return this.taken >= this.perLane;
  }

  get isCrowded(): boolean {
    const behind = this.waiting - this.ready;
    return behind >= this.atOnce && behind >= mostBehind(this.lane.context.lane, this.atOnce);
  }

  get isPumping(): boolean {
    return this.isBusy;
  }

  /** How many calls could be begun now. */
  protected get freeCalls(): number {
    const ofLane = this.perLane - this.taken;
    return this.budget === undefined ? ofLane : Math.min(ofLane, this.budget.freeFor(this));
  }

  kick(): void {
    const { gate } = this.lane;
    if (gate.ending || gate.paused) for (const caller of this.asking) caller.wake();
    if (this.beginning) return;
    if (this.hasNext) void this.lane.scope.runInAsyncScope(() => this.beginAll());
    else this.wantsMore();
  }

  /** Not at once: the call that has just ended has yet to publish its result. */
  offered(): void {
    if (this.woken) return;
    this.woken = true;
    queueMicrotask(() => {
      this.woken = false;
      this.kick();
    });
  }

  claim(caller: SlotCaller): boolean {
    if (this.asking.length === 0 && this.takesCall()) return true;
    caller.asks = true;
    this.asking.push(caller);
    return false;
  }

  began(caller: SlotCaller): void {
    this.calling.add(caller);
  }

  idle(caller: SlotCaller): void {
    this.calling.delete(caller);
    this.unused();
  }

  unused(): void {
    this.leaveCall();
    this.offered();
  }

  /** Whether a new call first lets in what comes within this turn of the event loop. */
  protected collects(): boolean {
    return false;
  }

  /** Nothing more is begun by itself. */
  protected wantsMore(): void {
    const { lane, budget } = this;
    const isShort = this.isShort && !this.isBusy && lane.mayBegin();
    if (isShort && lane.context.lane.demand !== undefined && budget?.freeFor(this) === 0) budget.await(this);
    else if (isShort) lane.starved();
    budget?.decline(this);
  }

  private get longest(): SlotCaller | undefined {
    const [first] = this.calling;
    return first;
  }

  /** Whether a call could be begun, if one of the binding's budget is left. */
  private get hasNext(): boolean {
    if (this.isBusy) return false;
    return this.asking.length > 0 || (this.hasReady && this.lane.mayBegin());
  }

  private takesCall(): boolean {
    if (this.isBusy || this.budget?.take(this) === false) return false;
    this.taken++;
    return true;
  }

  private leaveCall(): void {
    this.taken--;
    this.budget?.release();
  }

  private async beginAll(): Promise<void> {
    const { turns, clock } = this.lane.context.host;
    this.beginning = true;
    while (this.hasNext) {
      if (turns.due() || (this.asking.length === 0 && this.collects())) await this.loopTurn();
      else if (!this.takesCall()) break;
      else if (!this.grantsAsked() && !(this.lane.mayBegin() && this.beginsReady())) this.leaveCall();
    }
    this.stoodSince = clock.now();
    this.lane.stood();
    this.beginning = false;
    this.wantsMore();
  }

  private async loopTurn(): Promise<void> {
    this.inTurn = true;
    await this.lane.context.host.turns.next();
    this.inTurn = false;
  }

  /** Gives the call to a delivery that waits for a further one. */
  private grantsAsked(): boolean {
    for (let caller = this.asking.shift(); caller !== undefined; caller = this.asking.shift()) {
      caller.asks = false;
      if (!caller.hasCallers) continue;
      caller.granted = true;
      caller.wake();
      return true;
    }
    return false;
  }
}

/** At most this many messages are fetched that wait for a call of their own key. */
const MOST_BEHIND = 1_000;
/** The same of a server's lane where they may wait for long, as a message of their key is held. */
const MOST_BEHIND_HELD = 10_000;

/**
 * A failed message that has a key stays here where its server would let the later ones pass: only here they are kept
 * behind it. Not where the server has to count its deliveries.
 */
function redeliveryOfKeys({ redelivery, maxHeld }: Lane): Lane['redelivery'] {
  return redelivery === 'server' && maxHeld !== 0 ? 'in-place' : redelivery;
}

/**
 * How many messages may wait for others of their key before no more are fetched. Not to be kept: what a lane allows
 * follows the size of its messages.
 *
 * @param atOnce messages of all calls that the lane may have running
 */
function mostBehind({ maxHeld, maxPrefetch = MOST_BEHIND }: Lane, atOnce: number): number {
  const most = maxHeld === undefined ? Math.min(MOST_BEHIND, maxPrefetch) : Math.min(MOST_BEHIND_HELD, maxHeld);
  return Math.max(atOnce, most);
}

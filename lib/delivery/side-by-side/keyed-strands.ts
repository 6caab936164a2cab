import type { Incoming } from '../../driver/index.js';
import type { SideBySide } from '../binding.js';
import type { OrderedLane } from '../call-order.js';
import type { Delivery } from '../delivery.js';
import type { CallBudget } from './call-budget.js';
import { CallsAtOnce } from './calls-at-once.js';
import { type KeySlots, KeyStrand } from './key-strand.js';
import { KeyedQueue } from './keyed-queue.js';

/** Calls side by side, each with one message, and one at a time for each key. */
export class KeyedStrands extends CallsAtOnce implements KeySlots {
  private readonly queue: KeyedQueue<KeyStrand>;

  constructor(lane: OrderedLane, keyOf: SideBySide['keyOf'], perLane: number, budget?: CallBudget) {
    super(lane, perLane, budget);
    this.queue = new KeyedQueue(keyOf, (key) => new KeyStrand(key, this));
  }

  get waiting(): number {
    return this.queue.waiting;
  }

  get ready(): number {
    return this.queue.ready;
  }

  get waitingSince(): number | undefined {
    return this.queue.readySince;
  }

  get messages(): Iterable<Incoming> {
    return this.queue.messages();
  }

  get kept(): Iterable<Incoming> {
    return this.queue.behind();
  }

  get keys(): number {
    return this.queue.keys;
  }

  get free(): number {
    return this.freeCalls;
  }

  push(batch: readonly Incoming[], at = 0): void {
    for (const message of batch) this.queue.push(message, at);
  }

  clear(): readonly Incoming[] {
    return this.queue.clear();
  }

  release(): readonly Incoming[] {
    return this.queue.release();
  }

  rests(strand: KeyStrand): void {
    this.queue.rests(strand, () => this.lane.context.host.clock.now());
    this.kick();
  }

  protected get hasReady(): boolean {
    return this.ready > 0;
  }

  protected get isShort(): boolean {
    return this.ready === 0 && !this.isCrowded;
  }

  protected beginsReady(): boolean {
    const strand = this.queue.shift();
    const message = strand && this.queue.take(strand);
    if (strand === undefined || message === undefined) return false;
    const delivery = this.lane.open(message, strand);
    if (delivery === undefined) return false;
    strand.begins(delivery);
    void handle(delivery, strand);
    return true;
  }
}

/**
 * Until the handler's part is over: a call, and what follows it in place. Never rejects. `Strand` has the same lines in its
 * own loop, as there this promise for each message is all that it would add.
 */
async function handle(delivery: Delivery, strand: KeyStrand): Promise<void> {
  const running = delivery.begin();
  let { rest } = delivery;
  if (running !== undefined) {
    try {
      rest = delivery.accept(await running);
    } catch (thrown) {
      rest = delivery.recover(thrown);
    }
  }
  if (rest !== undefined) await rest;
  strand.over();
}

import { expect, it } from '@jest/globals';
import type { DeliveryContext } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import type { Random } from '../../lib/twin/index.js';
import { Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { everyWorld, MESSAGES, PartitionWorld, topicSpec } from '../support/partition-world.js';
import { sideBySide } from '../support/side-by-side.js';

const PER_LANE = 4;
const KEYS = 6;

class World extends PartitionWorld {
  readonly rig: Rig;
  /** Of the present lane: the offsets that are handled, and those begun of each key. */
  private running = new Map<number, string | undefined>();
  private begun = new Map<string, number[]>();

  constructor(random: Random, isManual: boolean) {
    super(random, KEYS);
    this.rig = new Rig({
      binding: {
        source: topicSpec,
        sideBySide: sideBySide(PER_LANE),
        ack: isManual ? 'manual' : 'nack-on-error',
        routes: [{ broker: 'out', destination: 'q' }],
      },
      handle: (body, context) => this.handle(Number(body), context),
    });
    // What fails for good is left to a handler that settles by hand, and this one leaves nothing.
    if (!isManual) this.rig.drivers.out.outcome = () => (random(12) === 0 ? refused(false) : confirmed);
  }

  protected forget(): void {
    this.running = new Map();
    this.begun = new Map();
  }

  private async handle(offset: number, context: DeliveryContext) {
    const { generation, running } = this;
    const { key } = context.message;
    this.check(offset, key, context.message.attempt === 1);
    running.set(offset, key);
    await this.pass(50);
    running.delete(offset);
    const isLast = this.rig.binding.ack === 'manual' && context.message.attempt % 3 === 0;
    if (!isLast && this.random(5) === 0) throw new Error('at random');
    if (generation === this.generation) this.done.add(offset);
    if (this.rig.binding.ack === 'manual') this.settle(context);
    return this.random(3) === 0 ? outgoing(offset, { key: key ?? '' }) : undefined;
  }

  /** By hand: at once, after a while, or after a nack. */
  private settle(context: DeliveryContext): void {
    if (this.random(8) === 0) context.nack({ delayMs: this.random(200) });
    else if (this.random(2) === 0) context.ack();
    else void this.pass(100).then(() => context.signal.aborted || context.ack());
  }

  private check(offset: number, key: string | undefined, isFirst: boolean): void {
    if (this.running.size >= PER_LANE) this.problems.push(`${this.running.size} ran beside ${offset}`);
    if (key === undefined) return;
    if ([...this.running.values()].includes(key)) this.problems.push(`${offset} ran beside one of its key`);
    const before = this.begun.get(key) ?? [];
    if (!isFirst) return;
    if (before.some((other) => other >= offset)) this.problems.push(`${offset} began after a later one`);
    if (!before.every((other) => this.done.has(other)))
      this.problems.push(`${offset} began before an earlier one was done`);
    this.begun.set(key, [...before, offset]);
  }
}

it.each([false, true])(
  'a commit passes nothing unfinished, and keys keep their order, whatever ends, fails, is paused or lost when (by hand: %s)',
  async (isManual) => {
    await everyWorld(
      100,
      (random) => new World(random, isManual),
      ({ problems, committed, done }, seed) => {
        expect([seed, problems, committed, done.size]).toEqual([seed, [], MESSAGES, MESSAGES]);
      },
    );
  },
  240_000,
);

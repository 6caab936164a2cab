import { expect, it } from '@jest/globals';
import { type BatchResult, DeliveredBatch, type DeliveryContext } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import type { Random } from '../../lib/twin/index.js';
import { batchRig } from '../support/batch-rig.js';
import type { Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { everyWorld, MESSAGES, PartitionWorld, topicSpec } from '../support/partition-world.js';
import { sideBySide } from '../support/side-by-side.js';

const PER_LANE = 3;
const KEYS = 8;

const offsetOf = ({ body }: DeliveryContext): number => Number(String(Buffer.from(body ?? [])));

class World extends PartitionWorld {
  readonly rig: Rig;
  readonly sizes: number[] = [];
  /** Those that have failed before the call, and that the others of their batch pass. */
  private readonly undecoded = new Set<number>();
  /** Of the present lane: the batches that are handled. */
  private running = new Set<readonly number[]>();
  /** Those that were nacked at the end of their call: from then on they have a delay of their own. */
  private nacked = new Set<number>();

  constructor(
    random: Random,
    private readonly isManual: boolean,
  ) {
    super(random, KEYS);
    const maxWaitMs = random(2) * 20;
    const handle = (contexts: readonly DeliveryContext[]): Promise<BatchResult> =>
      this.handle(new DeliveredBatch(contexts), contexts.map(offsetOf));
    const prepare = (context: DeliveryContext): void => {
      const offset = offsetOf(context);
      this.undecoded.delete(offset);
      if (!this.isLast(context) && random(30) === 0) {
        this.undecoded.add(offset);
        throw new Error('cannot be decoded');
      }
    };
    const made = batchRig({
      batch: { maxSize: 1 + random(12), maxWaitMs, maxBytes: random(3) === 0 ? 10 : undefined, handle, prepare },
      binding: {
        source: topicSpec,
        sideBySide: sideBySide(PER_LANE),
        ack: isManual ? 'manual' : 'nack-on-error',
        routes: [{ broker: 'out', destination: 'q' }],
      },
    });
    this.rig = made.rig;
    // What fails for good is left to a handler that settles by hand, and this one leaves nothing.
    if (!isManual) this.rig.drivers.out.outcome = () => (random(12) === 0 ? refused(false) : confirmed);
  }

  protected forget(): void {
    this.running = new Set();
    this.nacked = new Set();
  }

  private async handle(context: DeliveredBatch, offsets: readonly number[]): Promise<BatchResult> {
    const { generation, running, random } = this;
    this.sizes.push(offsets.length);
    this.check(offsets);
    running.add(offsets);
    await this.pass(50);
    running.delete(offsets);
    const mayFail = context.messages.map((message) => !this.isLast({ message }));
    if (!mayFail.includes(false) && random(5) === 0) throw new Error('all of them');
    const failed = offsets.flatMap((_, place) => (mayFail[place] === true && random(12) === 0 ? [place] : []));
    const failures = new Map(failed.map((place) => [place, new Error('this one')]));
    for (const [place, offset] of offsets.entries()) {
      if (failures.has(place)) continue;
      if (generation === this.generation) this.done.add(offset);
      if (this.isManual) this.settle(context, place, offset);
    }
    const ofEach = offsets.map((offset) => (random(3) === 0 ? outgoing(offset, { key: 'k' }) : undefined));
    return { ofEach, failures };
  }

  /** What is given up is left to a handler that settles by hand, and this one leaves nothing. */
  private isLast({ message: { attempt } }: Pick<DeliveryContext, 'message'>): boolean {
    return this.isManual && attempt % 3 === 0;
  }

  /** By hand: at once, after a while, or after a nack. */
  private settle(context: DeliveredBatch, place: number, offset: number): void {
    if (this.random(8) === 0) {
      this.nacked.add(offset);
      context.nack(place, { delayMs: this.random(200) });
    } else if (this.random(2) === 0) context.ack(place);
    else void this.pass(100).then(() => context.signal.aborted || context.ack(place));
  }

  private check(offsets: readonly number[]): void {
    if (this.running.size >= PER_LANE) this.problems.push(`${this.running.size} ran beside ${offsets.join()}`);
    if (offsets.some((offset, place) => offset <= (offsets[place - 1] ?? -1)))
      this.problems.push(`${offsets.join()} are not in order`);
    const beside = new Set([...this.running].flat().map((offset) => this.keyOf(offset)));
    for (const offset of offsets) {
      const key = this.keyOf(offset);
      if (key === undefined) continue;
      if (beside.has(key)) this.problems.push(`${offset} ran beside one of its key`);
      if (this.nacked.has(offset)) continue;
      for (let before = this.start; before < offset; before++)
        if (this.keyOf(before) === key && ![this.done, this.undecoded, new Set(offsets)].some((set) => set.has(before)))
          this.problems.push(`${offset} was called before ${before} was done`);
    }
  }
}

it.each([false, true])(
  'of batches side by side a commit passes nothing unfinished, and keys keep their order, whatever ends, fails, is paused or lost when (by hand: %s)',
  async (isManual) => {
    let largest = 0;
    await everyWorld(
      50,
      (random) => new World(random, isManual),
      ({ problems, committed, done, rig, sizes }, seed) => {
        expect([seed, problems, committed, done.size]).toEqual([seed, [], MESSAGES, MESSAGES]);
        expect([seed, rig.counts.running]).toEqual([seed, 0]);
        largest = Math.max(largest, ...sizes);
      },
    );
    expect(largest).toBe(12);
  },
  240_000,
);

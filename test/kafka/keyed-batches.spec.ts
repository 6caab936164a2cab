import { expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { type BatchResult, DeliveredBatch, type DeliveryContext } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { PartitionLane } from '../../lib/kafka/driver/consumer/partition-lane.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { type Random, seeded } from '../../lib/twin/index.js';
import { batchRig } from '../support/batch-rig.js';
import type { Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { sideBySide } from '../support/side-by-side.js';
import { turns } from '../support/turns.js';

const spec = kafkaBroker({ name: 'in', groupId: 'g', client: { brokers: ['h:1'] } }).source('topic');
const MESSAGES = 80;
const PER_LANE = 3;
const KEYS = 8;

/** Messages of seven keys, and some without one. */
function written(random: Random): KafkaMessage[] {
  return Array.from({ length: MESSAGES }, (_, offset) => {
    const key = random(KEYS);
    return {
      offset: `${offset}`,
      key: key === 0 ? null : Buffer.from(`k${key}`),
      value: Buffer.from(String(offset)),
      timestamp: '1',
      attributes: 0,
      headers: {},
    };
  });
}

const offsetOf = ({ body }: DeliveryContext): number => Number(String(Buffer.from(body ?? [])));
const keyIn = ({ key }: KafkaMessage): string | undefined => key?.toString();

/**
 * A partition that is read, paused, taken away and read again from its committed offset, by a handler of batches that ends
 * and fails at random.
 */
class World {
  readonly rig: Rig;
  readonly problems: string[] = [];
  /** Offsets whose handling has ended well, on any lane. */
  readonly done = new Set<number>();
  readonly log: readonly KafkaMessage[];
  readonly sizes: number[] = [];
  /** Those that have failed before the call, and that the others of their batch pass. */
  private readonly undecoded = new Set<number>();
  committed = 0;
  lane: PartitionLane;
  /** Of the present lane: its first offset, and the batches that are handled. */
  private start = 0;
  private running = new Set<readonly number[]>();
  /** Those that were nacked at the end of their call: from then on they have a delay of their own. */
  private nacked = new Set<number>();
  private generation = 0;

  constructor(
    private readonly random: Random,
    private readonly isManual: boolean,
  ) {
    this.log = written(random);
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
        source: spec,
        sideBySide: sideBySide(PER_LANE),
        ack: isManual ? 'manual' : 'nack-on-error',
        routes: [{ broker: 'out', destination: 'q' }],
      },
    });
    this.rig = made.rig;
    // What fails for good is left to a handler that settles by hand, and this one leaves nothing.
    if (!isManual) this.rig.drivers.out.outcome = () => (random(12) === 0 ? refused(false) : confirmed);
    this.lane = this.opened();
  }

  /** What is committed now, which a successor begins at. */
  commit(): void {
    const offset = this.lane.uncommitted;
    if (offset === undefined) return;
    for (let each = 0; each < offset; each++) if (!this.done.has(each)) this.problems.push(`${offset} > ${each}`);
    this.committed = offset;
    this.lane.committed = offset;
  }

  /** The partition goes to another member, after a drain or without one. */
  async lose(): Promise<void> {
    if (this.random(2) === 0) {
      const drained = this.rig.sink.drain(this.lane);
      while (this.rig.counts.running > 0) await this.step();
      await drained;
      this.commit();
    }
    this.lane.lose();
    this.generation++;
    this.running = new Set();
    this.nacked = new Set();
    this.lane = this.opened();
  }

  async pause(): Promise<void> {
    this.rig.sink.pause();
    for (let steps = this.random(5); steps > 0; steps--) await this.step();
    this.rig.sink.resume();
  }

  async step(): Promise<void> {
    await turns(2);
    if (this.rig.clock.nextAt() < Infinity) this.rig.clock.next();
    await turns(2);
  }

  private opened(): PartitionLane {
    const origin = { place: 'kafka:c1:topic:0:', topic: 'topic', partition: 0, params: undefined };
    const owner = { settled: () => undefined, hasRoom: () => undefined, failed: () => undefined };
    const lane = new PartitionLane(origin, { spec, sink: this.rig.sink, quiet: false }, owner);
    this.start = this.committed;
    lane.begin(this.committed);
    lane.offer(this.log.slice(this.committed));
    return lane;
  }

  private async handle(context: DeliveredBatch, offsets: readonly number[]): Promise<BatchResult> {
    const { generation, running, random } = this;
    this.sizes.push(offsets.length);
    this.check(offsets);
    running.add(offsets);
    await new Promise<void>((resolve) => void this.rig.clock.after(1 + random(50), resolve));
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
    else this.rig.clock.after(1 + this.random(100), () => context.signal.aborted || context.ack(place));
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

  private keyOf(offset: number): string | undefined {
    return keyIn(this.log[offset] as KafkaMessage);
  }
}

/** With a lane that is lost or paused now and then, until all is committed. */
async function run(seed: number, isManual: boolean): Promise<World> {
  const random = seeded(seed);
  const world = new World(random, isManual);
  let losses = 3;
  for (let step = 0; step < 20_000 && world.committed < MESSAGES; step++) {
    await world.step();
    if (random(4) === 0) world.commit();
    if (random(40) === 0) await world.pause();
    if (losses > 0 && random(40) === 0) {
      losses--;
      await world.lose();
    }
  }
  return world;
}

it.each([false, true])(
  'of batches side by side a commit passes nothing unfinished, and keys keep their order, whatever ends, fails, is paused or lost when (by hand: %s)',
  async (isManual) => {
    let largest = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const { problems, committed, done, rig, sizes } = await run(seed, isManual);
      expect([seed, problems, committed, done.size]).toEqual([seed, [], MESSAGES, MESSAGES]);
      expect([seed, rig.counts.running]).toEqual([seed, 0]);
      largest = Math.max(largest, ...sizes);
    }
    expect(largest).toBe(12);
  },
  60_000,
);

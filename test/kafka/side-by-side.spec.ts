import { expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import type { DeliveryContext } from '../../lib/delivery/index.js';
import { outgoing } from '../../lib/driver/index.js';
import { PartitionLane } from '../../lib/kafka/driver/consumer/partition-lane.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { type Random, seeded } from '../../lib/twin/index.js';
import { Rig } from '../support/delivery-rig.js';
import { confirmed, refused } from '../support/fake-driver.js';
import { sideBySide } from '../support/side-by-side.js';
import { turns } from '../support/turns.js';

const spec = kafkaBroker({ name: 'in', groupId: 'g', client: { brokers: ['h:1'] } }).source('topic');
const MESSAGES = 80;
const PER_LANE = 4;

/** Messages of five keys, and some without one. */
function written(random: Random): KafkaMessage[] {
  return Array.from({ length: MESSAGES }, (_, offset) => {
    const key = random(6);
    const value = Buffer.from(String(offset));
    return {
      offset: `${offset}`,
      key: key === 5 ? null : Buffer.from(`k${key}`),
      value,
      timestamp: '1',
      attributes: 0,
      headers: {},
    };
  });
}

/** A partition that is read, taken away and read again from its committed offset, by handlers that end and fail at random. */
class World {
  readonly rig: Rig;
  readonly problems: string[] = [];
  /** Offsets whose handling has ended well, on any lane. */
  readonly done = new Set<number>();
  readonly log: readonly KafkaMessage[];
  committed = 0;
  lane: PartitionLane;
  /** Of the present lane: the offsets that are handled, and the last one begun of each key. */
  private running = new Map<number, string | undefined>();
  private begun = new Map<string, number[]>();
  private generation = 0;

  constructor(
    private readonly random: Random,
    manual: boolean,
  ) {
    this.log = written(random);
    this.rig = new Rig({
      binding: {
        source: spec,
        sideBySide: sideBySide(PER_LANE),
        ack: manual ? 'manual' : 'nack-on-error',
        routes: [{ broker: 'out', destination: 'q' }],
      },
      handle: (body, context) => this.handle(Number(body), context),
    });
    // What fails for good is left to a handler that settles by hand, and this one leaves nothing.
    if (!manual) this.rig.drivers.out.outcome = () => (random(12) === 0 ? refused(false) : confirmed);
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
    this.running = new Map();
    this.begun = new Map();
    this.lane = this.opened();
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
    lane.begin(this.committed);
    lane.offer(this.log.slice(this.committed));
    return lane;
  }

  private async handle(offset: number, context: DeliveryContext) {
    const { generation, running } = this;
    const { key } = context.message;
    this.check(offset, key, context.message.attempt === 1);
    running.set(offset, key);
    await new Promise<void>((resolve) => void this.rig.clock.after(1 + this.random(50), resolve));
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
    else this.rig.clock.after(1 + this.random(100), () => context.signal.aborted || context.ack());
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

/** With a lane that is lost now and then, until all is committed. */
async function run(seed: number, manual: boolean): Promise<World> {
  const random = seeded(seed);
  const world = new World(random, manual);
  let losses = 3;
  for (let step = 0; step < 20_000 && world.committed < MESSAGES; step++) {
    await world.step();
    if (random(4) === 0) world.commit();
    if (losses > 0 && random(40) === 0) {
      losses--;
      await world.lose();
    }
  }
  return world;
}

it.each([false, true])(
  'a commit passes nothing unfinished, and keys keep their order, whatever ends, fails or is lost when (by hand: %s)',
  async (manual) => {
    for (let seed = 1; seed <= 100; seed++) {
      const { problems, committed, done } = await run(seed, manual);
      expect([seed, problems, committed, done.size]).toEqual([seed, [], MESSAGES, MESSAGES]);
    }
  },
  60_000,
);

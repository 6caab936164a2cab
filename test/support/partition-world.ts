import type { KafkaMessage } from 'kafkajs';
import { PartitionLane } from '../../lib/kafka/driver/consumer/partition-lane.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { type Random, seeded } from '../../lib/twin/index.js';
import type { Rig } from './delivery-rig.js';
import { turns } from './turns.js';

export const topicSpec = kafkaBroker({ name: 'in', groupId: 'g', client: { brokers: ['h:1'] } }).source('topic');

/** How many messages the partition has. */
export const MESSAGES = 80;

/** Of so many keys, where the first one stands for none; the body is the offset. */
function written(random: Random, keys: number): KafkaMessage[] {
  return Array.from({ length: MESSAGES }, (_, offset) => {
    const key = random(keys);
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

/**
 * A partition that is read, paused, taken away and read again from its committed offset, by a handler that ends and fails at
 * random.
 */
export abstract class PartitionWorld {
  readonly problems: string[] = [];
  /** Offsets whose handling has ended well, on any lane. */
  readonly done = new Set<number>();
  readonly log: readonly KafkaMessage[];
  committed = 0;
  /** The first offset of the present lane. */
  protected start = 0;
  /** Counts the lanes. */
  protected generation = 0;
  private current: PartitionLane | undefined;

  constructor(
    protected readonly random: Random,
    keys: number,
  ) {
    this.log = written(random, keys);
  }

  abstract readonly rig: Rig;

  /** The lane is lost: nothing of it counts any more. */
  protected abstract forget(): void;

  /** Is read from its beginning, until all is committed. */
  async run(): Promise<void> {
    let losses = 3;
    this.open();
    for (let step = 0; step < 20_000 && this.committed < MESSAGES; step++) {
      await this.step();
      if (this.random(4) === 0) this.commit();
      if (this.random(40) === 0) await this.pause();
      if (losses > 0 && this.random(40) === 0) {
        losses--;
        await this.lose();
      }
    }
  }

  /** Up to so many milliseconds. */
  protected pass(most: number): Promise<void> {
    return new Promise<void>((resolve) => void this.rig.clock.after(1 + this.random(most), resolve));
  }

  protected keyOf(offset: number): string | undefined {
    return this.log[offset]?.key?.toString();
  }

  private get lane(): PartitionLane {
    return this.current ?? this.open();
  }

  /** What is committed now, which a successor begins at. */
  private commit(): void {
    const offset = this.lane.uncommitted;
    if (offset === undefined) return;
    for (let each = 0; each < offset; each++) if (!this.done.has(each)) this.problems.push(`${offset} > ${each}`);
    this.committed = offset;
    this.lane.committed = offset;
  }

  /** The partition goes to another member, after a drain or without one. */
  private async lose(): Promise<void> {
    if (this.random(2) === 0) {
      const drained = this.rig.sink.drain(this.lane);
      while (this.rig.counts.running > 0) await this.step();
      await drained;
      this.commit();
    }
    this.lane.lose();
    this.generation++;
    this.forget();
    this.open();
  }

  private async pause(): Promise<void> {
    this.rig.sink.pause();
    for (let steps = this.random(5); steps > 0; steps--) await this.step();
    this.rig.sink.resume();
  }

  private async step(): Promise<void> {
    await turns(2);
    if (this.rig.clock.nextAt() < Infinity) this.rig.clock.next();
    await turns(2);
  }

  private open(): PartitionLane {
    const origin = { place: 'kafka:c1:topic:0:', topic: 'topic', partition: 0, params: undefined };
    const owner = { settled: () => undefined, hasRoom: () => undefined, failed: () => undefined };
    const lane = new PartitionLane(origin, { spec: topicSpec, sink: this.rig.sink, quiet: false }, owner);
    this.current = lane;
    this.start = this.committed;
    lane.begin(this.committed);
    lane.offer(this.log.slice(this.committed));
    return lane;
  }
}

/** A world of each seed, read to its end. */
export async function everyWorld<W extends PartitionWorld>(
  seeds: number,
  make: (random: Random) => W,
  check: (world: W, seed: number) => void,
): Promise<void> {
  for (let seed = 1; seed <= seeds; seed++) {
    const world = make(seeded(seed));
    await world.run();
    check(world, seed);
  }
}

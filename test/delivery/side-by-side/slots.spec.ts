import { expect, it } from '@jest/globals';
import type { CallBudget } from '../../../lib/delivery/side-by-side/call-budget.js';
import type { KeyedStrands } from '../../../lib/delivery/side-by-side/keyed-strands.js';
import { outgoing } from '../../../lib/driver/index.js';
import { type Random, seeded } from '../../../lib/twin/index.js';
import { Rig } from '../../support/delivery-rig.js';
import { confirmed, refused } from '../../support/fake-driver.js';
import { aSource, type FakeLane, FakeMessage, type LaneFields } from '../../support/fake-lane.js';
import { sideBySide } from '../../support/side-by-side.js';
import { turns } from '../../support/turns.js';

const TOTAL = 5;

const LANES: Readonly<Record<string, LaneFields>> = {
  'in-place': { redelivery: 'in-place' },
  server: { redelivery: 'server', leaseMs: 30_000, maxPrefetch: 100 },
  none: { redelivery: 'none', backpressure: false },
};

/** A handler of several lanes, which are paused, lost and opened while calls end and fail. */
class World {
  readonly rig: Rig;
  most = 0;
  private lanes: FakeLane[];
  private messages = 0;

  constructor(
    private readonly random: Random,
    private readonly kind: LaneFields,
  ) {
    this.rig = new Rig({
      lane: kind,
      binding: { sideBySide: sideBySide(3, TOTAL), routes: [{ broker: 'out', destination: 'q' }] },
      handle: (body) => this.handle(body),
    });
    this.rig.drivers.out.outcome = () => (random(10) === 0 ? refused(false) : confirmed);
    this.lanes = [this.rig.lane, this.rig.open(kind), this.rig.open(kind)];
  }

  get budget(): CallBudget | undefined {
    return this.rig.sink['bound'].get(aSource)?.budget;
  }

  async step(): Promise<void> {
    const { random, rig } = this;
    const place = random(this.lanes.length);
    const lane = this.lanes[place] as FakeLane;
    const dice = random(20);
    if (dice < 8) void rig.sink.take(lane, this.some(1 + random(4)));
    else if (dice === 8) rig.sink.pause();
    else if (dice < 12) rig.sink.resume();
    else if (dice === 12) {
      if (random(2) === 0) void rig.sink.drain(lane);
      lane.lose();
      this.lanes[place] = rig.open(this.kind);
    } else if (rig.clock.nextAt() < Infinity) rig.clock.next();
    await turns(2);
    this.most = Math.max(this.most, rig.counts.running);
  }

  /** Until nothing runs, and nothing waits that is not given back. */
  async rest(): Promise<void> {
    this.rig.sink.resume();
    for (let step = 0; step < 5_000 && (this.rig.sink.taken > 0 || this.rig.counts.running > 0); step++) {
      if (this.rig.clock.nextAt() < Infinity) this.rig.clock.next();
      await turns(2);
    }
    await turns();
  }

  private async handle(body: string) {
    await new Promise<void>((resolve) => void this.rig.clock.after(1 + this.random(40), resolve));
    if (this.random(4) === 0) throw new Error('at random');
    return this.random(3) === 0 ? outgoing(body) : undefined;
  }

  private some(count: number): FakeMessage[] {
    return Array.from({ length: count }, () => {
      const body = String(this.messages++);
      const key = this.random(5);
      return new FakeMessage({ body, ...(key > 0 && { key: `k${key}` }) });
    });
  }
}

it.each(Object.keys(LANES))(
  'every call is given back, whatever is paused, lost or fails when: %s',
  async (kind) => {
    for (let seed = 1; seed <= 40; seed++) {
      const world = new World(seeded(seed), LANES[kind] as LaneFields);
      for (let step = 0; step < 150; step++) await world.step();
      await world.rest();
      const { rig, budget, most } = world;
      expect([seed, rig.counts.running, rig.sink.taken, rig.sink.moving]).toEqual([seed, 0, 0, 0]);
      expect([seed, budget?.['free'], budget?.['kept'].size]).toEqual([seed, TOTAL, 0]);
      expect(most).toBeLessThanOrEqual(TOTAL);
      for (const runner of rig.sink['runners'].values()) {
        const { calls, keys, waiting } = runner['order'] as KeyedStrands;
        expect([seed, calls, keys, waiting]).toEqual([seed, 0, 0, 0]);
      }
    }
  },
  240_000,
);

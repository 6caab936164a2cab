import { describe, expect, it } from '@jest/globals';
import { OpenDeliveries } from '../../lib/delivery/open-deliveries.js';
import type { Settling } from '../../lib/delivery/settling.js';

const delivery = () => ({ active: true, settled: false }) as Settling & { active: boolean; settled: boolean };

describe('the open deliveries of a lane', () => {
  it('hold what is active or not settled, in order, however many are over', () => {
    const open = new OpenDeliveries();
    const all = Array.from({ length: 1_000 }, delivery);
    for (const one of all) open.add(one);
    const kept = all.filter((_, index) => index % 100 === 0);
    for (const one of all) {
      if (kept.includes(one)) continue;
      one.active = false;
      one.settled = true;
      open.closed();
    }

    expect([...open]).toEqual(kept);
    expect(open.size).toBe(kept.length);
  });

  it('are those that one property alone keeps open, too', () => {
    const open = new OpenDeliveries();
    const waits = delivery();
    const runs = delivery();
    for (const one of [waits, runs]) open.add(one);
    waits.active = false;
    runs.settled = true;

    expect([...open]).toEqual([waits, runs]);
  });

  it('do not keep what is over', () => {
    const open = new OpenDeliveries();
    for (let times = 0; times < 1_000; times++) {
      const one = delivery();
      open.add(one);
      one.active = false;
      one.settled = true;
      open.closed();
    }

    expect(open['list'].length).toBeLessThan(100);
  });
});

import { describe, expect, it } from '@jest/globals';
import { InFlight, type InFlightDelivery } from '../../lib/delivery/in-flight.js';

const delivery = () =>
  ({ active: true, settled: false, place: 0 }) as InFlightDelivery & { active: boolean; settled: boolean };

describe('the open deliveries of a lane', () => {
  it('hold what is active or not settled, in order, however many are over', () => {
    const open = new InFlight();
    const all = Array.from({ length: 1_000 }, delivery);
    for (const one of all) open.add(one);
    const kept = all.filter((_, index) => index % 100 === 0);
    for (const one of all) {
      if (kept.includes(one)) continue;
      one.active = false;
      one.settled = true;
      open.closed(one);
    }

    expect([...open]).toEqual(kept);
    expect(open.size).toBe(kept.length);
  });

  it('are those that one property alone keeps open, too', () => {
    const open = new InFlight();
    const waits = delivery();
    const runs = delivery();
    for (const one of [waits, runs]) open.add(one);
    waits.active = false;
    runs.settled = true;

    expect([...open]).toEqual([waits, runs]);
  });

  it('do not keep what is over', () => {
    const open = new InFlight();
    for (let times = 0; times < 10_000; times++) {
      const one = delivery();
      open.add(one);
      one.active = false;
      one.settled = true;
      open.closed(one);
    }

    expect(open['list'].length).toBeLessThanOrEqual(1_024);
    expect(open['list'].filter((kept) => kept !== undefined)).toEqual([]);
  });

  it('keep neither message nor endless places of what is over behind one that is open', () => {
    const open = new InFlight();
    const head = delivery();
    open.add(head);
    for (let times = 0; times < 100_000; times++) {
      const one = delivery();
      open.add(one);
      open.closed(one);
    }
    expect([open.size, open.oldest]).toEqual([1, head]);
    expect(open['list'].length).toBeLessThan(10_000);
    open.closed(head);
    expect([open.size, open.span, open.oldest]).toEqual([0, 0, undefined]);
  });

  it('tell how many have begun since the oldest that is open', () => {
    const open = new InFlight();
    const all = Array.from({ length: 500 }, delivery);
    for (const one of all) open.add(one);
    for (const one of all.slice(3)) open.closed(one);
    open.closed(all[0]!);
    open.closed(all[0]!);
    expect([open.size, open.span, open.oldest]).toEqual([2, 499, all[1]]);
  });
});

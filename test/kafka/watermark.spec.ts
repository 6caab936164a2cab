import { describe, expect, it } from '@jest/globals';

import { type Delivered, Watermark } from '../../lib/kafka/driver/consumer/watermark.js';

/** A small generator of its own, so that a failure can be repeated by its seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

/** Offsets with gaps, as compaction and transaction markers leave them. */
function messages(count: number, next: (below: number) => number): Delivered[] {
  let offset = 10;
  return Array.from({ length: count }, () => ({ settled: false, offset: String((offset += 1 + next(3))) }));
}

describe('the watermark', () => {
  it('begins where the group left off', () => {
    expect(new Watermark(7).position).toBe(7);
  });

  it('stays at a message that is not finished, though later ones are', () => {
    const watermark = new Watermark(0);
    const [one, two, three] = [10, 11, 15].map((offset) => ({ settled: false, offset: String(offset) }));
    watermark.deliver([one!, two!, three!]);
    two!.settled = three!.settled = true;
    watermark.advance();
    const before = watermark.position;
    one!.settled = true;
    watermark.advance();
    expect([before, watermark.position]).toEqual([10, 16]);
  });

  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'never passes unfinished work and ends behind the last (seed %d)',
    (seed) => {
      const next = random(seed + 1);
      const all = messages(1 + next(3_000), next);
      const watermark = new Watermark(0);
      const open: Delivered[] = [];
      const left = [...all];
      while (left.length > 0 || open.length > 0) {
        if (left.length > 0 && next(3) > 0) {
          const some = left.splice(0, 1 + next(200));
          watermark.deliver(some);
          open.push(...some);
        } else if (open.length > 0) {
          open.splice(next(Math.min(open.length, 50)), 1)[0]!.settled = true;
          watermark.advance();
        }
        const first = open[0];
        if (first !== undefined && watermark.position !== Number(first.offset)) {
          expect({ seed, position: watermark.position }).toEqual({ seed, position: Number(first.offset) });
        }
      }
      expect([watermark.position, watermark.pending]).toEqual([Number(all.at(-1)!.offset) + 1, 0]);
    },
  );
});

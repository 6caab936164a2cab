import { describe, expect, it } from '@jest/globals';

import { type Delivered, CommitWatermark } from '../../lib/kafka/driver/consumer/commit-watermark.js';

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
  return Array.from({ length: count }, () => ({ place: 0, offset: String((offset += 1 + next(3))) }));
}

describe('the watermark', () => {
  it('begins where the group left off', () => {
    expect(new CommitWatermark(7).position).toBe(7);
  });

  it('stays at a message that is not finished, though later ones are', () => {
    const watermark = new CommitWatermark(0);
    const [one, two, three] = [10, 11, 15].map((offset) => ({ place: 0, offset: String(offset) }));
    watermark.deliver([one!, two!, three!]);
    watermark.finish(two!);
    watermark.finish(three!);
    const before = watermark.position;
    watermark.finish(one!);
    expect([before, watermark.position]).toEqual([10, 16]);
  });

  it('keeps nothing of what is finished behind a message that is not', () => {
    const watermark = new CommitWatermark(0);
    const all = messages(5_000, () => 0);
    watermark.deliver(all);
    for (const message of all.slice(1)) watermark.finish(message);
    expect(watermark['queue'].filter((kept) => kept !== undefined)).toEqual([all[0]]);
  });

  it('takes no message twice, nor one of another watermark', () => {
    const [watermark, other] = [new CommitWatermark(0), new CommitWatermark(0)];
    const [one, two] = messages(2, () => 0);
    const [foreign] = messages(1, () => 0);
    other.deliver([foreign!]);
    watermark.deliver([one!, two!]);
    watermark.finish(foreign!);
    watermark.finish(one!);
    watermark.finish(one!);
    expect(watermark.position).toBe(Number(two!.offset));
  });

  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'never passes unfinished work and ends behind the last (seed %d)',
    (seed) => {
      const next = random(seed + 1);
      const all = messages(1 + next(3_000), next);
      const watermark = new CommitWatermark(0);
      const open: Delivered[] = [];
      const left = [...all];
      while (left.length > 0 || open.length > 0) {
        if (left.length > 0 && next(3) > 0) {
          const some = left.splice(0, 1 + next(200));
          watermark.deliver(some);
          open.push(...some);
        } else if (open.length > 0) {
          watermark.finish(open.splice(next(Math.min(open.length, 50)), 1)[0]!);
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

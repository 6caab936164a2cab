import { describe, expect, it } from '@jest/globals';
import { DoneOffsets } from '../../lib/kafka/done-offsets.js';

const missing = (done: DoneOffsets, to: number) =>
  Array.from({ length: to }, (_, offset) => offset).filter((offset) => !done.has(offset));

describe('the offsets of a partition that are done', () => {
  it('raise the committed offset as far as there is no gap', () => {
    const done = new DoneOffsets(5);
    for (const offset of [7, 6, 9]) done.add(offset);
    expect([done.floor, missing(done, 10)]).toEqual([5, [5, 8]]);
    done.add(5);
    expect([done.floor, done.missing(0, 12)]).toEqual([8, 3]);
    done.add(8);
    expect([done.floor, done.metadata]).toEqual([10, '']);
  });

  it('are the same after a commit, in whatever order they were done', () => {
    for (let seed = 1; seed < 50; seed++) {
      const done = new DoneOffsets(10);
      const expected = new Set<number>();
      for (let step = 0; step < 40; step++) {
        const offset = 10 + ((seed * (step + 3) * 7919) % 60);
        done.add(offset);
        expected.add(offset);
      }
      const read = DoneOffsets.read(done.floor, done.metadata);
      const all = Array.from({ length: 80 }, (_, offset) => offset);
      expect(all.filter((offset) => read.has(offset))).toEqual(
        all.filter((offset) => offset < 10 || expected.has(offset)),
      );
    }
  });

  it('fit into the metadata of a commit; what does not fit is not done', () => {
    const done = new DoneOffsets(0);
    for (let offset = 1; offset < 10_000; offset += 2) done.add(offset);
    expect(done.metadata.length).toBeLessThanOrEqual(4_096);
    const read = DoneOffsets.read(done.floor, done.metadata);
    expect(missing(read, 10_000)).toEqual(expect.arrayContaining(missing(done, 10_000)));
    expect(missing(read, 1_000)).toEqual(missing(done, 1_000));
  });

  it('are merged with those of another member', () => {
    const [one, other] = [new DoneOffsets(2, [[5, 7]]), new DoneOffsets(3, [[6, 9]])];
    one.merge(other);
    expect([one.floor, missing(one, 10)]).toEqual([3, [3, 4, 9]]);
  });

  it.each(['', null, undefined, 'of another tool', 'multi-broker-done:%,!'])('metadata %j says nothing', (metadata) => {
    expect(missing(DoneOffsets.read(3, metadata), 5)).toEqual([3, 4]);
  });
});

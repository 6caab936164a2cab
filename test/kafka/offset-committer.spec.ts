import { describe, expect, it } from '@jest/globals';
import { OffsetCommitter } from '../../lib/kafka/driver/consumer/offset-committer.js';
import type { PartitionLane } from '../../lib/kafka/driver/consumer/partition-lane.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { turns } from '../support/turns.js';

/** Two partitions whose commits the test answers. */
function make() {
  const clock = new VirtualClock(0);
  const lanes = [0, 1].map((partition) => ({
    origin: { topic: 't', partition },
    position: 0,
    committed: 0,
    get uncommitted() {
      return this.position === this.committed ? undefined : this.position;
    },
  }));
  const commits: { offsets: string[]; answer: () => void; refuse: (error: Error) => void }[] = [];
  const committer = new OffsetCommitter({
    clock,
    intervalMs: 10,
    lanes: lanes as unknown as PartitionLane[],
    commit: (offsets) =>
      new Promise((answer, refuse) => {
        const all = offsets.map((one) => `${one.partition}@${one.offset}`);
        commits.push({ offsets: all, answer, refuse });
      }),
    failed: () => undefined,
  });
  const settle = (partition: number): void => {
    lanes[partition]!.position++;
    committer.settled();
  };
  return { clock, commits, committer, settle };
}

describe('commits of a Kafka consumer', () => {
  it('follow an interval after the first settlement, all partitions in one', async () => {
    const { clock, commits, settle } = make();
    settle(0);
    settle(1);
    clock.advance(9);
    expect(commits).toEqual([]);
    clock.advance(1);
    await turns();
    expect(commits).toMatchObject([{ offsets: ['0@1', '1@1'] }]);
  });

  it('leave nothing uncommitted that was settled while a commit took longer than the interval', async () => {
    const { clock, commits, settle } = make();
    settle(0);
    clock.advance(10);
    settle(1);
    clock.advance(10);
    expect(commits).toHaveLength(1);
    commits[0]!.answer();
    await turns();
    expect(commits).toMatchObject([{ offsets: ['0@1'] }, { offsets: ['1@1'] }]);
    commits[1]!.answer();
    await turns();
    clock.advance(1_000);
    expect(commits).toHaveLength(2);
  });

  it('that fail for longer than a rebalance takes are told, with the reason, until one succeeds', async () => {
    const { clock, commits, committer, settle } = make();
    settle(0);
    clock.advance(10);
    for (let attempt = 0; attempt < 3; attempt++) {
      commits.at(-1)!.refuse(new Error('not authorized'));
      await turns();
      clock.advance(19_000);
    }
    expect(committer.healthIssue).toBeUndefined();
    clock.advance(10_000);
    expect(committer.healthIssue).toContain('67 s: not authorized');
    commits.at(-1)!.answer();
    await turns();
    expect(committer.healthIssue).toBeUndefined();
  });

  it('that are never answered are told, too', () => {
    const { clock, committer, settle } = make();
    settle(0);
    clock.advance(70_000);
    expect(committer.healthIssue).toContain('not answered');
  });
});

import { describe, expect, it } from '@jest/globals';
import { DeletedTopics, TopicWatch } from '../../lib/kafka/driver/consumer/subscribed-topics.js';
import { VirtualClock } from '../../lib/twin/index.js';
import { recordingIo } from '../support/kafka/connected.js';

function topics() {
  const { io, log } = recordingIo();
  return { deleted: new DeletedTopics('g', io), log };
}

describe('topics of a Kafka group that were deleted', () => {
  it('are left out from the look that misses them to the one that finds them, and are told once', () => {
    const { deleted, log } = topics();
    expect(deleted.compare(['a', 'b'], ['a', 'b', 'c'])).toBe(false);
    expect(deleted.compare(['a', 'b'], ['a'])).toBe(true);
    expect([[...deleted], deleted.healthIssues.length, log.length]).toEqual([['b'], 1, 1]);
    expect(deleted.compare(['a'], ['a'])).toBe(false);
    expect(deleted.compare(['a'], ['a', 'b'])).toBe(true);
    expect([[...deleted], deleted.healthIssues, log.length]).toEqual([[], [], 1]);
  });

  it('are created again once they exist again: what they hold then is all new', () => {
    const { deleted } = topics();
    deleted.compare(['a', 'b'], ['a']);
    deleted.compare(['a', 'b'], ['a', 'b']);
    expect(['a', 'b'].map((topic) => deleted.wasRecreated(topic))).toEqual([false, true]);
  });

  it('are not those that are being subscribed: without them the subscription fails', () => {
    const { deleted, log } = topics();
    deleted.require(['b']);
    expect([deleted.compare(['a', 'b'], ['a']), log]).toEqual([false, []]);
    deleted.require();
    expect(deleted.compare(['a', 'b'], ['a'])).toBe(true);
  });

  it('may be subscribed again: then they have to be there', () => {
    const { deleted } = topics();
    deleted.compare(['a'], []);
    deleted.require(['a']);
    expect(deleted.any).toBe(false);
  });
});

describe("the watch over a group's topics", () => {
  function watch({ due = true, fails = false } = {}) {
    const clock = new VirtualClock();
    const looks: number[] = [];
    const one = new TopicWatch(
      clock,
      () => due,
      async () => {
        looks.push(clock.now());
        if (fails) throw new Error('no answer');
      },
    );
    const advance = async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    };
    return { one, looks, advance };
  }

  it.each([{}, { fails: true }])('looks every five seconds while there is reason to (%j)', async (how) => {
    const { one, looks, advance } = watch(how);
    one.start();
    for (let second = 0; second < 11; second++) await advance(1_000);
    expect(looks).toHaveLength(2);
  });

  it('asks the cluster nothing while there is no reason to', async () => {
    const { one, looks, advance } = watch({ due: false });
    one.start();
    for (let second = 0; second < 11; second++) await advance(1_000);
    expect(looks).toEqual([]);
  });

  it('ends', async () => {
    const { one, looks, advance } = watch();
    one.start();
    await advance(5_000);
    one.close();
    await advance(20_000);
    expect(looks).toHaveLength(1);
  });
});

import { describe, expect, it } from '@jest/globals';

import type { PartitionLane } from '../../lib/kafka/driver/consumer/partition-lane.js';
import { RefusedTopics } from '../../lib/kafka/driver/consumer/refused-topics.js';
import { failures } from '../../lib/kafka/driver/kafkajs/failures.js';
import { recordingIo } from '../support/kafka/connected.js';

const refusal = Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
const laneOf = (topic: string, committed = 5) => ({ origin: { topic, partition: 0 }, committed }) as PartitionLane;

function refusedTopics(...topics: string[]) {
  const { io, log } = recordingIo();
  const refused = new RefusedTopics('g', io, failures);
  refused.consumerEnded(refusal, topics);
  const asked: string[] = [];
  /** Looks, while the server refuses these by their errors. */
  const look = (lanes: readonly PartitionLane[], errors: Readonly<Record<string, Error>> = {}) =>
    refused.look(lanes, async ([commit]) => {
      asked.push(`${commit!.topic}@${commit!.offset}`);
      const error = errors[commit!.topic];
      if (error !== undefined) throw error;
    });
  const held = () => topics.filter((topic) => refused.holds(topic));
  return { refused, log, asked, look, held };
}

describe('topics of a Kafka group that this client may not read any more', () => {
  it('are none where a consumer has ended by something else', () => {
    const { refused } = refusedTopics();
    refused.consumerEnded(new Error('lost'), ['a']);
    expect([refused.any, refused.holds('a')]).toEqual([false, false]);
  });

  it('are asked for by what is committed already, and all are held until then', async () => {
    const { look, held, asked } = refusedTopics('a', 'b');
    expect(held()).toEqual(['a', 'b']);
    await look([laneOf('a'), laneOf('b', 7)], { a: refusal });
    expect([held(), asked]).toEqual([['a'], ['a@5', 'b@7']]);
  });

  it('are told once, until they are allowed', async () => {
    const { look, refused, log } = refusedTopics('a');
    for (let time = 0; time < 3; time++) await look([laneOf('a')], { a: refusal });
    expect([log.length, refused.healthIssues]).toEqual([1, [expect.stringContaining("does not read topic 'a'")]]);
    await look([laneOf('a')]);
    expect([log[1], refused.healthIssues]).toEqual(["info: Group 'g' may read topic 'a' again", []]);
  });

  it('stay as they were known where the answer says nothing of it', async () => {
    const { look, held, log } = refusedTopics('a');
    await look([laneOf('a')], { a: new Error('a rebalance') });
    expect([held(), log]).toEqual([['a'], []]);
  });

  it('are forgotten where another member has their partitions, or they were deleted', async () => {
    const { look, held, refused } = refusedTopics('a', 'b');
    refused.forget('b');
    await look([]);
    expect([held(), refused.any]).toEqual([[], false]);
  });
});

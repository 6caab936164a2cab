import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { setTimeout as pause } from 'node:timers/promises';

import { closeAfterEach, connected, outgoing } from '../../support/kafka/connected.js';
import {
  createTopic,
  type KafkaCluster,
  startKafkaCluster,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';

/** A process that is stopped may still answer for some milliseconds: the first act that is not over soon is given back. */
async function unanswered<T>(act: () => Promise<T>): Promise<() => Promise<T>> {
  for (;;) {
    const acting = act();
    if (await Promise.race([acting.then(() => false), pause(300, true)])) return () => acting;
  }
}

/** A server that is stopped keeps its connections, and the system accepts new ones for it. */
whenNative(describe, 'kafka')('a Kafka that accepts connections and answers nothing', () => {
  closeAfterEach();
  let cluster: KafkaCluster;
  beforeEach(async () => {
    cluster = await startKafkaCluster();
  }, 60_000);
  afterEach(() => cluster.stop(), 60_000);

  const timed = async (condition: () => boolean, what: string, timeoutMs = 12_000): Promise<number> => {
    const from = performance.now();
    await until(condition, { what, timeoutMs });
    return performance.now() - from;
  };

  it('is told by the health of a consumer that waits for more than 5 s, until it answers', async () => {
    const { brokers } = cluster;
    const name = await createTopic(uniqueName('frozen'), 1, { brokers });
    const broker = await connected({ client: { brokers } });
    const groupId = uniqueName('group');
    const { sink } = await broker.read(name, { groupId });
    await broker.publish(name, 'before');
    await sink.has(1);
    const issues = (): readonly string[] => broker.driver.healthIssues!();
    expect(issues()).toEqual([]);
    cluster.pause();
    const ms = await timed(() => issues().length > 0, 'health tells the silence');
    expect([ms > 4_000, ms < 8_000]).toEqual([true, true]);
    expect(issues()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Group '${groupId}': Kafka \\(${brokers[0]!}\\) has not answered an? .* for [56] s \\(since 20.*Z\\)$`,
        ),
      ),
    ]);
    cluster.resume();
    await timed(() => issues().length === 0, 'health is well again');
    await broker.publish(name, 'after');
    await until(() => sink.texts.includes('after'), { what: 'it reads on', timeoutMs: 30_000 });
    expect(issues()).toEqual([]);
  }, 90_000);

  it('is told by the health of a broker that has a publish under way, with its topic', async () => {
    const { brokers } = cluster;
    const name = await createTopic(uniqueName('frozen'), 1, { brokers });
    const broker = await connected({ client: { brokers } });
    await broker.publish(name, 'before');
    cluster.pause();
    const publishing = await unanswered(() =>
      broker.driver.publish(broker.definition.destination(name), [outgoing('under way')]),
    );
    const issues = (): readonly string[] => broker.driver.healthIssues!();
    const ms = await timed(() => issues().length > 0, 'health tells the silence');
    expect([ms > 4_000, ms < 8_000]).toEqual([true, true]);
    expect(issues()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Kafka \\(${brokers[0]!}\\) has not answered a produce request for [56] s \\(since 20.*Z\\); publishes to '${name}' wait$`,
        ),
      ),
    ]);
    cluster.resume();
    expect(await publishing()).toMatchObject([{ receipt: {} }]);
    expect(issues()).toEqual([]);
  }, 90_000);

  it('that answers for a second only is told of sooner the second time, with since when', async () => {
    const { brokers } = cluster;
    const name = await createTopic(uniqueName('frozen'), 1, { brokers });
    const broker = await connected({ client: { brokers } });
    const { sink } = await broker.read(name);
    await broker.publish(name, 'before');
    await sink.has(1);
    const issues = (): readonly string[] => broker.driver.healthIssues!();
    cluster.pause();
    await timed(() => issues().length > 0, 'health tells the silence');
    const since = /since (20.*Z)/.exec(issues()[0]!)![1]!;
    cluster.resume();
    await timed(() => issues().length === 0, 'it answers');
    cluster.pause();
    const ms = await timed(() => issues().length > 0, 'health tells the silence again');
    expect(ms).toBeLessThan(4_000);
    expect(issues()[0]).toContain(`since ${since}`);
    cluster.resume();
    await timed(() => issues().length === 0, 'it answers');
  }, 90_000);
});

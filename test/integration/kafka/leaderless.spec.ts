import { afterEach, describe, expect, it } from '@jest/globals';

import { closeAfterEach, connected } from '../../support/kafka/connected.js';
import { describePlatformatic } from '../../support/kafka-library.js';
import {
  createTopic,
  type KafkaCluster,
  startKafkaCluster,
  uniqueName,
  until,
  whenNative,
} from '../../support/real-brokers.js';

const clusters: KafkaCluster[] = [];
const texts = (name: string): string[] => Array.from({ length: 40 }, (_, index) => `${name}${index}`);

/** The client by itself tells nothing of a topic then. */
async function untilLeaderless(topic: string, brokers: string[]): Promise<void> {
  const { Admin } = await import('@platformatic/kafka');
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers, retries: 0 });
  const isMissed = (): Promise<boolean> =>
    admin.metadata({ topics: [topic], forceUpdate: true }).then(
      () => false,
      (thrown: unknown) => String(thrown).includes('Metadata'),
    );
  await until(isMissed, { what: 'the node is missed', timeoutMs: 30_000 });
  await admin.close();
}

describePlatformatic('a topic with partitions that have no leader', () => {
  whenNative(describe, 'kafka')('as a node with their only replica is down', () => {
    closeAfterEach();
    afterEach(async () => {
      await Promise.all(clusters.splice(0).map((one) => one.stop()));
    }, 60_000);

    it('is written to and read on its other partitions, and on all of them once they have leaders again', async () => {
      const { brokers, kill, restart, stop } = await startKafkaCluster({ nodes: 2 });
      clusters.push({ stop } as KafkaCluster);
      const name = await createTopic(uniqueName('leaderless'), 4, { brokers });
      const options = { client: { brokers }, producer: { retry: { retries: 2 } } };
      const broker = await connected(options, { library: '@platformatic/kafka' });
      const { sink } = await broker.read(name);
      await broker.publish(name, ...texts('before'));
      await sink.has(40);
      await kill(1);
      await untilLeaderless(name, brokers);
      const keyed = texts('keyed').map((key) => ({ key, body: Buffer.from(key) }));
      const refused = async (): Promise<readonly string[]> => {
        const outcomes = await broker.driver.publish(broker.definition.destination(name), keyed);
        return outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error.code] : []));
      };
      const [left, outcomes] = [await refused(), await broker.publish(name, ...texts('during'))];
      expect([new Set(left), left.length < 40]).toEqual([new Set(['MULTI_BROKER_NOT_CONNECTED']), true]);
      expect(outcomes.filter((outcome) => !outcome.startsWith(name))).toEqual([]);
      await until(() => texts('during').every((text) => sink.texts.includes(text)), { what: 'the others are read' });
      await restart(1);
      await until(async () => (await refused()).length === 0, { what: 'all are written', timeoutMs: 30_000 });
      await until(() => texts('keyed').every((text) => sink.texts.includes(text)), {
        what: 'all partitions are read',
        timeoutMs: 30_000,
      });
    }, 120_000);
  });
});

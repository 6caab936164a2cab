import { describe, expect, it } from '@jest/globals';
import type { BrokerUse, Finding } from '../../lib/driver/index.js';
import { failures } from '../../lib/kafka/driver/kafkajs/failures.js';
import { ClusterInspection } from '../../lib/kafka/driver/inspection.js';
import { kafkaBroker } from '../../lib/kafka/index.js';

const broker = kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['kafka.test:9092'] } });
const reads: BrokerUse = { sources: [broker.source('incoming')], destinations: [], answered: [] };

const creating = kafkaBroker({
  ...{ name: 'orders', groupId: 'g', client: { brokers: ['kafka.test:9092'] } },
  topics: { 'orders.eu': { partitions: 6 } },
});

/** A cluster that has these topics, and answers questions about others and about groups with these errors. */
function inspection(
  topics: readonly string[],
  errors: { readonly topic?: string; readonly group?: string } = {},
  { options } = broker,
) {
  const fails = (type: string | undefined): Promise<never[]> =>
    type === undefined ? Promise.resolve([]) : Promise.reject(Object.assign(new Error(type), { type }));
  const asked: string[] = [];
  const admin = {
    listTopics: () => Promise.resolve([...topics]),
    partitionCounts: async () => new Map<string, number>(await fails(errors.topic)),
    committed: (groupId: string) => {
      asked.push(groupId);
      return fails(errors.group);
    },
  };
  return { inspection: new ClusterInspection(admin, failures, options), asked };
}

const found = (problem: Finding['problem'], what: string, name: string) =>
  expect.objectContaining({ problem, what, name });

describe('a comparison with a cluster', () => {
  it('tells a topic that may not be described from one that is missing', async () => {
    const { inspection: forbidden } = inspection([], { topic: 'TOPIC_AUTHORIZATION_FAILED' });
    expect(await forbidden.findings(reads)).toEqual([found('forbidden', 'topic', 'incoming')]);
    const { inspection: missing } = inspection([], { topic: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(await missing.findings(reads)).toEqual([found('missing', 'topic', 'incoming')]);
  });

  it('finds a group that may not be used', async () => {
    const { inspection: forbidden } = inspection(['incoming', '__consumer_offsets'], {
      group: 'GROUP_AUTHORIZATION_FAILED',
    });
    expect(await forbidden.findings(reads)).toEqual([found('forbidden', 'group', 'g')]);
  });

  it('asks for no group where there has been none, as that would create the topic of their offsets', async () => {
    const { inspection: fresh, asked } = inspection(['incoming']);
    expect([await fresh.findings(reads), asked]).toEqual([[], []]);
  });

  it.each(['orders.{region}', 'orders.{region}.{id}'])('expects a topic that a start creates for %s', async (path) => {
    const { inspection: fresh } = inspection([], { topic: 'UNKNOWN_TOPIC_OR_PARTITION' }, creating);
    const findings = await fresh.findings({ ...reads, sources: [creating.source(path)] });
    const of = findings.find(({ name }) => name === path);
    expect([of?.problem, of?.created === true]).toEqual(['missing', path === 'orders.{region}']);
  });

  it('rejects with any other error', async () => {
    const { inspection: failing } = inspection([], { topic: 'REQUEST_TIMED_OUT' });
    await expect(failing.findings(reads)).rejects.toThrow('REQUEST_TIMED_OUT');
  });
});

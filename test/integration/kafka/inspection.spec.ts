import { describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../../lib/async/index.js';
import type { BrokerUse, DriverContext, Finding } from '../../../lib/driver/index.js';
import { kafkaBroker, type KafkaBrokerOptions, topic } from '../../../lib/kafka/index.js';
import { createTopic, kafkaClient, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';

jest.setTimeout(60_000);

const nothing = () => undefined;
const io: DriverContext = {
  broker: 'orders',
  clock: systemClock,
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  state: nothing,
  shared: (_key, make) => make(),
};

/** Sources and destinations by their names. */
interface Wanted {
  readonly read?: readonly (string | RegExp)[];
  readonly written?: readonly string[];
}

async function inspect({ read = [], written = [] }: Wanted, options: Partial<KafkaBrokerOptions> = {}) {
  const definition = kafkaBroker({
    name: 'orders',
    groupId: uniqueName('g'),
    client: { brokers: realBrokers().kafka },
    ...options,
  });
  const use: BrokerUse = {
    sources: read.map((name) => definition.source(topic(name))),
    destinations: written.map((name) => definition.destination(name)),
    answered: [],
  };
  const driver = await definition.driver();
  try {
    return await driver.inspect!(io, use, AbortSignal.timeout(20_000));
  } finally {
    await driver.close();
  }
}

const shown = (findings: readonly Finding[]) =>
  findings.map(({ problem, what, name, created }) => [problem, what, name, created === true]);

async function topics(): Promise<string[]> {
  const admin = kafkaClient().admin();
  await admin.connect();
  return admin.listTopics().finally(() => admin.disconnect());
}

whenBrokers(describe)('a comparison with a cluster', () => {
  it('finds nothing where all is there', async () => {
    const name = await createTopic(uniqueName('inspected'), 2);
    const wanted = { read: [name, new RegExp(`^${name}$`)], written: [name] };
    expect(await inspect(wanted, { topics: { [name]: { partitions: 2 } } })).toEqual([]);
  });

  it('finds topics that are missing, and creates none', async () => {
    const [read, written] = [uniqueName('missing'), uniqueName('missing')];
    expect(shown(await inspect({ read: [read], written: [written, `${written}.{id}`] }))).toEqual([
      ['missing', 'topic', read, false],
      ['missing', 'topic', written, false],
    ]);
    expect(await topics()).not.toEqual(expect.arrayContaining([read]));
    expect(await topics()).not.toEqual(expect.arrayContaining([written]));
  });

  it('tells a topic that a start creates', async () => {
    const name = uniqueName('missing');
    const findings = await inspect({ read: [name] }, { topics: { [name]: { partitions: 3 } } });
    expect(shown(findings)).toEqual([['missing', 'topic', name, true]]);
  });

  it('finds another number of partitions', async () => {
    const name = await createTopic(uniqueName('inspected'), 2);
    const findings = await inspect({ written: [name] }, { topics: { [name]: { partitions: 6 } } });
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'differs', name, text: expect.stringMatching(/has 2 .* 6/) }),
    ]);
  });

  it('finds a pattern that no topic matches', async () => {
    const pattern = new RegExp(`^${uniqueName('none')}`);
    expect(shown(await inspect({ read: [pattern] }))).toEqual([['missing', 'topic', String(pattern), false]]);
  });

  it('rejects where no server answers', async () => {
    const unreachable = { client: { brokers: ['127.0.0.1:1'], retry: { retries: 0 } } };
    await expect(inspect({}, unreachable)).rejects.toMatchObject({ code: 'MULTI_BROKER_CONNECT_FAILED' });
  });
});

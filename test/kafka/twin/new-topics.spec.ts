import { describe, expect, it } from '@jest/globals';

import { kafkaBroker } from '../../../lib/kafka/index.js';
import { TwinBench } from '../../support/twin-bench.js';

const definition = (name: string, partitions: number) =>
  kafkaBroker({
    name,
    groupId: 'g',
    client: { brokers: ['h:1'] },
    addresses: { incoming: 'real' },
    topics: { incoming: { partitions } },
  });

async function partitionsUsed(...partitions: number[]): Promise<number> {
  const bench = new TwinBench();
  const definitions = partitions.map((count, index) => definition(`orders${String(index)}`, count));
  const drivers = [];
  for (const one of definitions) drivers.push(await bench.connect(one));
  const [first] = definitions;
  const reader = await bench.read(drivers[0]!, first!.source('incoming'));
  return reader.lanes.length;
}

describe('topics that the options of a broker want to be there', () => {
  it('are made by the twin with as many partitions', async () => {
    expect(await partitionsUsed(6)).toBe(6);
  });

  it('are left as they are where another broker of the bus has made them', async () => {
    expect(await partitionsUsed(2, 6)).toBe(2);
  });
});

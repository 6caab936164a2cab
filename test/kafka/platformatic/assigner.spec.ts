import { describe, expect, it } from '@jest/globals';

import { CLASSIC } from '../../../lib/kafka/driver/platformatic/assigner.js';
import { ASSIGNER } from '../../../lib/kafka/driver/client/consumer-port.js';

type Assigner = NonNullable<typeof CLASSIC.partitionAssigner>;
type Metadata = Parameters<Assigner>[3];

const metadata = (counts: Record<string, number>): Metadata =>
  ({
    topics: new Map(Object.entries(counts).map(([topic, partitionsCount]) => [topic, { partitionsCount }])),
  }) as unknown as Metadata;

const told = (partitions: number[]): Buffer => Buffer.from(JSON.stringify({ partitions }));

function shares(
  members: Record<string, { topics: string[]; metadata?: Buffer }>,
  counts: Record<string, number>,
): unknown {
  const all = new Map(
    Object.entries(members).map(([memberId, member]) => [memberId, { memberId, version: 0, ...member }]),
  );
  const assigned = CLASSIC.partitionAssigner!('a', all, new Set(members['a']!.topics), metadata(counts));
  return Object.fromEntries(
    assigned.map(({ memberId, assignments }) => [
      memberId,
      [...assignments.values()].map(({ topic, partitions }) => `${topic}: ${partitions.join()}`),
    ]),
  );
}

describe('a member that leads its group by @platformatic/kafka', () => {
  it('offers the assigners that members by kafkajs have, ours first', () => {
    expect(CLASSIC.protocols).toEqual([
      { name: ASSIGNER, version: 0 },
      { name: 'RoundRobinAssigner', version: 0 },
    ]);
  });

  it('gives each partition to a member that reads its topic, also of topics that it does not read itself', () => {
    const members = { a: { topics: ['x'] }, b: { topics: ['x', 'y'] } };
    expect(shares(members, { x: 3, y: 2 })).toEqual({ a: ['x: 0,1,2'], b: ['y: 0,1'] });
  });

  it('counts partitions that only another member knows of yet', () => {
    const members = { a: { topics: ['x'] }, b: { topics: ['x'], metadata: told([3]) } };
    expect(shares(members, { x: 1 })).toEqual({ a: ['x: 0,2'], b: ['x: 1'] });
  });

  it('takes a member that tells something else', () => {
    const members = { a: { topics: ['x'] }, b: { topics: ['x'], metadata: Buffer.from('{') } };
    expect(shares(members, { x: 2 })).toEqual({ a: ['x: 0'], b: ['x: 1'] });
  });

  it('tells how many partitions it knows of, in the order of its topics', async () => {
    const buffer = await CLASSIC.protocolsMetadata!([], ['y', 'x'], metadata({ x: 1, y: 2 }), () => undefined);
    expect(String(buffer)).toBe('{"partitions":[2,1]}');
  });
});

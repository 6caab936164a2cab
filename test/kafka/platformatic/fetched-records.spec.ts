import { describe, expect, it } from '@jest/globals';

import { type FetchedPartition, recordsFrom } from '../../../lib/kafka/driver/platformatic/fetched-records.js';

type Batch = NonNullable<FetchedPartition['records']>[number];
const TRANSACTIONAL = 16;
const CONTROL = 32;
const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

const batch = (first: number, values: string[], more: Partial<Batch> = {}): Batch =>
  ({
    firstOffset: BigInt(first),
    lastOffsetDelta: values.length - 1,
    attributes: 0,
    producerId: -1n,
    firstTimestamp: 1_000n,
    maxTimestamp: 9_000n,
    records: values.map((value, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta),
      offsetDelta,
      key: Buffer.from('k'),
      value: Buffer.from(value),
      headers: [],
    })),
    ...({ length: 0, partitionLeaderEpoch: 0, magic: 2, crc: 0, producerEpoch: 0, firstSequence: 0 } as object),
    ...more,
  }) as Batch;

const of = (producerId: bigint): Partial<Batch> => ({ producerId, attributes: TRANSACTIONAL });
function marker(first: number, producerId: bigint, key: Buffer): Batch {
  const made = batch(first, [''], { producerId, attributes: TRANSACTIONAL | CONTROL });
  return { ...made, records: made.records.map((record) => ({ ...record, key })) };
}

const fetched = (records: Batch[], aborted: [bigint, bigint][] = []): FetchedPartition =>
  ({
    records,
    abortedTransactions: aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset })),
  }) as unknown as FetchedPartition;

const values = (part: FetchedPartition, from = 0): string[] =>
  recordsFrom(part, from).records.map(({ offset, value }) => `${String(offset)}:${String(value)}`);

describe('the records of a fetched partition', () => {
  it('have the form of kafkajs in what a handler gets as raw, whose offsets and times are text', () => {
    const [record] = recordsFrom(fetched([batch(5, ['a'])]), 5).records;
    expect(record?.native).toEqual({
      ...{ key: Buffer.from('k'), value: Buffer.from('a'), headers: {} },
      ...{ offset: '5', timestamp: '1000', attributes: 0, magicByte: 2, isControlRecord: false },
    });
  });

  it('begin at the offset that was asked for, though a batch is sent as a whole', () => {
    expect(values(fetched([batch(5, ['a', 'b', 'c'])]), 6)).toEqual(['6:b', '7:c']);
  });

  it('leave out those of an aborted transaction whose marker has not come yet', () => {
    const part = fetched([batch(0, ['a', 'b'], of(7n)), batch(2, ['sound'])], [[7n, 0n]]);
    expect([values(part), recordsFrom(part, 0).lastOffset]).toEqual([['2:sound'], 2]);
  });

  it('keep what a producer committed between two transactions that it aborted', () => {
    const batches = [
      ...[batch(0, ['a'], of(7n)), marker(1, 7n, ABORT)],
      ...[batch(2, ['kept'], of(7n)), marker(3, 7n, COMMIT)],
      ...[batch(4, ['b'], of(7n)), marker(5, 7n, ABORT)],
    ];
    const aborted: [bigint, bigint][] = [
      [7n, 4n],
      [7n, 0n],
    ];
    const part = fetched(batches, aborted);
    expect([values(part), recordsFrom(part, 0).lastOffset]).toEqual([['2:kept'], 5]);
  });

  it('tell where a fetch ended that brought markers alone', () => {
    expect(recordsFrom(fetched([marker(3, 7n, COMMIT)]), 3)).toEqual({ records: [], lastOffset: 3 });
    expect(recordsFrom(fetched([]), 3).lastOffset).toBeUndefined();
  });

  it('have their own time, or that of the log', () => {
    const times = (attributes: number): unknown[] =>
      recordsFrom(fetched([batch(0, ['a', 'b'], { attributes })]), 0).records.map(({ timestamp }) => timestamp);
    expect([times(0), times(8)]).toEqual([
      [1_000, 1_001],
      [9_000, 9_000],
    ]);
  });

  it('have repeated headers in order, and null for one without a value', () => {
    const one = batch(0, ['a']);
    const headers = [
      [Buffer.from('a'), Buffer.from('1')],
      [Buffer.from('n'), null],
      [Buffer.from('a'), null],
      [Buffer.from('__proto__'), Buffer.from('p')],
    ] as unknown as Batch['records'][number]['headers'];
    const [record] = recordsFrom(fetched([{ ...one, records: [{ ...one.records[0]!, headers }] }]), 0).records;
    expect(Object.entries(record!.headers!)).toEqual([
      ['a', [Buffer.from('1'), null]],
      ['n', null],
      ['__proto__', Buffer.from('p')],
    ]);
  });
});

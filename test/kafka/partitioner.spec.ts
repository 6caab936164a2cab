import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { randomBytes } from 'node:crypto';

import { partitionOfKey, Spread } from '../../lib/kafka/partitioner.js';

const metadata = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    partitionErrorCode: 0,
    replicas: [1],
    isr: [1],
  }));

const byKafkajs = (key: string, partitions: number): number =>
  Partitioners.DefaultPartitioner()({
    topic: 't',
    partitionMetadata: metadata(partitions),
    message: { key, value: '' },
  });

describe('the partitioner', () => {
  it('gives each key the partition that kafkajs and the Java client give it', () => {
    const keys = Array.from({ length: 2_000 }, (_, index) =>
      randomBytes(index % 40).toString(index % 2 ? 'latin1' : 'hex'),
    );
    const partitions = (key: string): number => 1 + (key.length % 12);
    expect(keys.map((key) => partitionOfKey(key, partitions(key)))).toEqual(
      keys.map((key) => byKafkajs(key, partitions(key))),
    );
  });

  it('does so for any text, also such as is no well-formed Unicode', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('\ud800x'));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 100 }), (key, partitions) => {
        expect(partitionOfKey(key, partitions)).toBe(byKafkajs(key, partitions));
      }),
    );
  });

  it('sends messages without a key in runs, and each call to the next partition', () => {
    const spread = new Spread();
    const call = (messages: number): number[] => {
      spread.turn();
      return Array.from({ length: messages }, () => spread.pick(3));
    };
    expect([call(1), call(1), call(1), new Set(call(250)).size]).toEqual([[0], [1], [2], 3]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { assign, type GroupTopic } from '../../lib/kafka/partitioner.js';

type Topic = GroupTopic<string, string>;

/** Topics of a group by what each member reads, in the order of the members. */
function topicsOf(sizes: Readonly<Record<string, number>>, members: Readonly<Record<string, string>>): Topic[] {
  return Object.entries(sizes).map(([topic, partitions]) => ({
    topic,
    partitions,
    readers: Object.keys(members).filter((member) => members[member]!.includes(topic)),
  }));
}

function shares(topics: readonly Topic[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { owner, topic, partition } of assign(topics))
    found[owner] = `${found[owner] ?? ''} ${topic}${partition}`.trimStart();
  return found;
}

const names = ['a', 'b', 'c', 'd'];
const size = fc.integer({ min: 0, max: 8 });
const group = fc
  .record({
    sizes: fc.record(Object.fromEntries(names.map((name) => [name, size]))),
    reads: fc.array(fc.subarray(names), { minLength: 1, maxLength: 5 }),
  })
  .map(({ sizes, reads }) => topicsOf(sizes, Object.fromEntries(reads.map((some, at) => [`m${at}`, some.join('')]))));

describe("the assignment of a Kafka group's partitions", () => {
  it('gives every partition of every topic that is read to one member, and that member reads the topic', () => {
    fc.assert(
      fc.property(group, (topics) => {
        const owned = assign(topics);
        const wanted = topics
          .filter(({ readers }) => readers.length > 0)
          .flatMap(({ topic, partitions }) => Array.from({ length: partitions }, (_, at) => `${topic}${at}`));
        expect(owned.map(({ topic, partition }) => `${topic}${partition}`).sort()).toEqual(wanted.sort());
        for (const { topic, owner } of owned)
          expect(topics.find((one) => one.topic === topic)!.readers).toContain(owner);
      }),
    );
  });

  it('gives no member two partitions more than another where all read the same topics', () => {
    fc.assert(
      fc.property(fc.array(size, { maxLength: 4 }), fc.integer({ min: 1, max: 5 }), (sizes, count) => {
        const readers = Array.from({ length: count }, (_, at) => `m${at}`);
        const owned = assign(sizes.map((partitions, at) => ({ topic: `t${at}`, partitions, readers })));
        const loads = readers.map((reader) => owned.filter(({ owner }) => owner === reader).length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(2);
      }),
    );
  });

  it('while versions with more and more topics are rolled out, gives none two more than another that could have one', () => {
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 4, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 4 })),
        (sizes, versions) => {
          const members = Object.fromEntries(versions.map((reads, at) => [`m${at}`, names.slice(0, reads).join('')]));
          const topics = topicsOf(Object.fromEntries(names.map((name, at) => [name, sizes[at]!])), members);
          const owned = assign(topics);
          const load = (member: string): number => owned.filter(({ owner }) => owner === member).length;
          for (const { topic, owner } of owned)
            for (const other of topics.find((one) => one.topic === topic)!.readers)
              expect(load(owner) - load(other)).toBeLessThan(2);
        },
      ),
    );
  });

  it('leaves what all read to those who read little else', () => {
    expect(shares(topicsOf({ a: 4, b: 3 }, { old: 'a', new: 'ab' }))).toEqual({ new: 'b0 b1 b2', old: 'a0 a1 a2 a3' });
  });

  it('counts on from one topic to the next', () => {
    expect(shares(topicsOf({ a: 1, b: 1, c: 3 }, { one: 'abc', two: 'abc' }))).toEqual({
      one: 'a0 c0 c2',
      two: 'b0 c1',
    });
  });
});

import { expect, it } from '@jest/globals';
import type { Incoming } from '../../lib/driver/index.js';
import { BatchQueue } from '../../lib/async/batch-queue.js';
import { messages } from '../support/fake-lane.js';

const bodies = (given: Iterable<{ readonly position: string }>): string[] =>
  Array.from(given, ({ position }) => position);

function drain(queue: BatchQueue<Incoming>): string[] {
  const out: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) out.push(next.position);
  return out;
}

it('gives messages in the order in which they came, over batches of any size', () => {
  const queue = new BatchQueue<Incoming>();
  queue.push(messages('a', 'b'));
  queue.push([]);
  queue.push(messages('c'));
  expect([queue.length, queue.shift()?.position, queue.length]).toEqual([3, 'a', 2]);
  queue.push(messages('d'));
  expect([drain(queue), queue.length]).toEqual([['b', 'c', 'd'], 0]);
});

it('hands out the very batches that it was given: nothing is copied', () => {
  const queue = new BatchQueue<Incoming>();
  const batch = messages('a', 'b');
  queue.push(batch);
  expect(queue.shift()).toBe(batch[0]);
  expect(queue.shift()).toBe(batch[1]);
});

it('can be looked through without taking', () => {
  const queue = new BatchQueue<Incoming>();
  queue.push(messages('a', 'b'));
  queue.push(messages('c'));
  queue.shift();
  expect([bodies(queue), queue.length]).toEqual([['b', 'c'], 2]);
});

it('forgets all when it is cleared', () => {
  const queue = new BatchQueue<Incoming>();
  queue.push(messages('a', 'b'));
  queue.shift();
  queue.clear();
  expect([queue.length, queue.shift(), bodies(queue)]).toEqual([0, undefined, []]);
  queue.push(messages('c'));
  expect(drain(queue)).toEqual(['c']);
});

it('keeps its order over thousands of batches, filled and emptied at once', () => {
  const queue = new BatchQueue<Incoming>();
  const given: string[] = [];
  const taken: string[] = [];
  for (let round = 0; round < 5_000; round++) {
    for (const body of [`${round}a`, `${round}b`]) {
      given.push(body);
      queue.push(messages(body));
    }
    taken.push(queue.shift()?.position ?? '');
  }
  taken.push(...drain(queue));
  expect(taken).toEqual(given);
});

import { expect, it } from '@jest/globals';
import { Fifo } from '../../lib/async/index.js';

it('a queue gives its items in the order in which they came', () => {
  const queue = new Fifo<number>();
  const out: (number | undefined)[] = [];
  for (let item = 0; item < 500; item++) {
    queue.push(item);
    if (item % 3 > 0) out.push(queue.shift());
  }
  expect([queue.length, queue.head, [...queue].at(-1)]).toEqual([167, 333, 499]);
  while (queue.length > 0) out.push(queue.shift());
  expect(out).toEqual(Array.from({ length: 500 }, (_, item) => item));
  expect([queue.shift(), queue.head]).toEqual([undefined, undefined]);
});

it('a queue that is emptied gives what it had, and begins anew', () => {
  const queue = new Fifo<string>();
  for (const item of ['a', 'b', 'c']) queue.push(item);
  queue.shift();
  expect([queue.drain(), queue.length]).toEqual([['b', 'c'], 0]);
  queue.push('d');
  expect(queue.shift()).toBe('d');
});

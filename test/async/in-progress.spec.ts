import { expect, it } from '@jest/globals';
import { InProgress } from '../../lib/async/index.js';

it('what is in progress stays in its order, and ends once', () => {
  const open = new InProgress<string>();
  for (const item of ['a', 'b', 'c']) open.add(item);
  expect([open.delete('b'), open.delete('b'), open.size, [...open]]).toEqual([true, false, 2, ['a', 'c']]);
});

it('what ends while the others are looked at is still looked at', () => {
  const open = new InProgress<string>();
  for (const item of ['a', 'b', 'c']) open.add(item);
  const seen: string[] = [];
  for (const item of open) {
    open.delete(item);
    seen.push(item);
  }
  expect([seen, open.size]).toEqual([['a', 'b', 'c'], 0]);
});

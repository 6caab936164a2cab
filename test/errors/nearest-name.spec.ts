import { expect, it } from '@jest/globals';
import { nearestName } from '../../lib/errors/index.js';

it.each([
  ['oders', ['orders', 'events'], 'orders'],
  ['Orders', ['orders', 'events'], 'orders'],
  ['event', ['orders', 'events'], 'events'],
  ['evnets', ['orders', 'events'], 'events'],
  ['ordersx', ['order', 'orders'], 'orders'],
  ['zzz', ['orders', 'events'], undefined],
  ['a', ['b'], undefined],
  ['ab', ['ac'], 'ac'],
  ['orders', [], undefined],
  ['', ['a'], undefined],
])('for %j of %j it is %j', (name, known, expected) => {
  expect(nearestName(name, known)).toBe(expected);
});

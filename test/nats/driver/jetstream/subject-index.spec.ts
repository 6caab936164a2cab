import { describe, expect, it } from '@jest/globals';

import { SubjectIndex } from '../../../../lib/nats/driver/jetstream/stream-lookup.js';

const index = new SubjectIndex([
  { name: 'A', subjects: ['a.>', 'one'] },
  { name: 'B', subjects: ['*.b', 'c.*.d'] },
  { name: 'ALL', subjects: ['>'] },
]);
const withoutAll = new SubjectIndex([{ name: 'B', subjects: ['*.b', 'c.*.d'] }]);

describe('an index of subjects', () => {
  it.each([
    ['a.x.y', 'A'],
    ['one', 'A'],
    ['z.b', 'B'],
    ['c.x.d', 'B'],
    ['c.x', 'ALL'],
    ['one.two', 'ALL'],
  ])('finds who captures %s', (subject, name) => {
    expect(index.find(subject)?.name).toBe(name);
  });

  it('finds nobody where no pattern matches', () => {
    expect(['c', 'c.x', 'x.c', 'b'].map((subject) => withoutAll.find(subject))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

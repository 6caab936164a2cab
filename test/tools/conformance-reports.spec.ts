import { describe, expect, it } from '@jest/globals';
// @ts-expect-error -- a tool of the repository, without types
import * as tool from '../../tools/ci/conformance-reports.mjs';

const { countNotApplying } = tool as { countNotApplying(titles: string[], reports: object[]): number };

const rows = [
  { id: 'A', text: 'always', result: 'kept' },
  { id: 'B', text: 'not always', result: 'does not apply: it keeps nothing' },
];

describe('a skipped test', () => {
  it('does not apply if its reason stands in the table of promises', () => {
    expect(countNotApplying(['B not always (does not apply: it keeps nothing)'], [{ rows }])).toBe(1);
  });

  it.each([
    'B not always',
    'B not always (does not apply: it is slow)',
    'A always (does not apply: it keeps nothing)',
    'A always (kept)',
  ])('is one that was not run where the table says nothing of it: %s', (title) => {
    expect(countNotApplying([title], [{ rows }])).toBe(0);
  });
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const page = fileURLToPath(new URL('../../docs/guards.md', import.meta.url));
const text = readFileSync(page, 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('|') && !/^\| (fault|-)/.test(line));
const linked = [...text.matchAll(/\[([^\]]+)\]\((\.\.\/test\/[^)]+)\)/g)].map(([, title, file]) => ({
  title: title!,
  file: file!,
}));

describe('docs/guards.md', () => {
  it('names a test for every fault', () => {
    expect(rows.filter((row) => !row.includes('](../test/'))).toEqual([]);
  });

  it.each(linked)('names a test that is there: $title', ({ title, file }) => {
    const source = readFileSync(path.join(path.dirname(page), file), 'utf8');
    expect([`'${title}`, `"${title}`, `\`${title}`].some((quoted) => source.includes(quoted))).toBe(true);
  });
});

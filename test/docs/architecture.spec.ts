import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
const names = [...new Set([...text.matchAll(/[\w./-]+\.ts\b/g)].map(([name]) => name))];
const files = new Set(
  readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' }).map((file) => path.basename(file)),
);
const section = (heading: string): string => text.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
const rowsOf = (heading: string): string[] =>
  section(heading)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);

describe('docs/architecture.md', () => {
  it('names files that are there: by their path, or by their name in a diagram', () => {
    const isThere = (name: string): boolean =>
      name.includes('/') ? existsSync(path.join(root, name)) : files.has(name);
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });

  it('answers ten questions, each by one file', () => {
    const answers = rowsOf('Ten questions').map((row) => [...row.matchAll(/`lib\/[^`]+\.ts`/g)].length);
    expect(answers).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it('needs no more than 25 words', () => {
    expect(rowsOf('Words').length).toBeLessThanOrEqual(25);
  });
});

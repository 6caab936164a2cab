import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const pages = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)];
interface Example {
  readonly page: string;
  readonly code: string;
  /** `<!-- quoted from path -->` stands before it. */
  readonly source: string | undefined;
}

const examples = pages.flatMap((page): Example[] =>
  [...read(page).matchAll(/(?:<!-- quoted from (\S+) -->\n+)?```ts\n([\s\S]*?)```/g)].map(([, source, code]) => ({
    page,
    source,
    code: code!,
  })),
);
const quotes = examples.filter(({ source }) => source !== undefined);

/** Indentation and empty lines are the page's own. */
function linesOf(code: string): string {
  const lines = code.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').join('\n');
}

describe('a quote in the docs', () => {
  it.each(quotes)('of $page is what $source says', ({ source, code }) => {
    expect(existsSync(path.join(root, source!))).toBe(true);
    expect(linesOf(read(source!))).toContain(linesOf(code));
  });
});

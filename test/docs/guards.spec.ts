import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const page = fileURLToPath(new URL('../../docs/guards.md', import.meta.url));
const text = readFileSync(page, 'utf8');
const guards = text
  .split(/^### /m)
  .slice(1)
  .map((section) => section.split(/^## /m)[0]!);
const linked = [...text.matchAll(/\[([^\]]+)\]\((\.\.\/test\/[^)]+)\)/g)].map(([, title, file]) => ({
  title: title!,
  file: file!,
}));

describe('docs/guards.md', () => {
  it('says of every fault where it is, in which version, what happens, what the library does and which test proves it', () => {
    const wanted = [
      /^- \*\*Where:\*\* .*\d\.\d+/m,
      /^- \*\*What happens:\*\* \S/m,
      /^- \*\*What the library does:\*\* \S/m,
      /^- \*\*Tests?:\*\* \[[^\]]+\]\(\.\.\/test\//m,
    ];
    expect(guards.length).toBeGreaterThan(50);
    expect(guards.filter((guard) => !wanted.every((part) => part.test(guard)))).toEqual([]);
  });

  it.each(linked)('names a test that is there: $title', ({ title, file }) => {
    const source = readFileSync(path.join(path.dirname(page), file), 'utf8');
    expect([`'${title}`, `"${title}`, `\`${title}`].some((quoted) => source.includes(quoted))).toBe(true);
  });
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';

const lib = path.join(import.meta.dirname, '..', 'lib');

/** Every module that loads with this one; what is imported by `import()` or for its types alone does not. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = /^(?:import|export)(?! type)[^;]*?from '(\.[^']*)\.js';/gm;
  for (const [, to] of readFileSync(file, 'utf8').matchAll(imports)) {
    loadedWith(path.join(path.dirname(file), `${to!}.ts`), seen);
  }
  return seen;
}

const suiteIn = (entry: string): string[] =>
  [...loadedWith(path.join(lib, entry))].filter((file) => file.includes(`${path.sep}conformance${path.sep}`));

it.each(['index.ts', 'kafka/index.ts', 'nats/index.ts', 'testing/index.ts'])(
  'an application that imports %s does not load the conformance suite',
  (entry) => {
    expect(suiteIn(entry)).toEqual([]);
  },
);

it('a driver that imports driver/public.ts can have it', () => {
  expect(suiteIn('driver/public.ts').length).toBeGreaterThan(5);
});

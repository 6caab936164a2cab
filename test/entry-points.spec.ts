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

/** By entry, the optional packages that it may load, besides those of Nest itself. */
const OPTIONAL = {
  'index.ts': [],
  'kafka/index.ts': [],
  'kafka/platformatic.ts': [],
  'nats/index.ts': [],
  'testing/index.ts': [],
  'health/index.ts': ['@nestjs/terminus'],
  'telemetry/index.ts': ['@opentelemetry/api'],
  'prometheus/index.ts': ['prom-client'],
  'asyncapi/index.ts': [],
};

it.each(Object.keys(OPTIONAL))('an application that imports %s does not load the conformance suite', (entry) => {
  expect(suiteIn(entry)).toEqual([]);
});

it('a driver that imports driver/public.ts can have it', () => {
  expect(suiteIn('driver/public.ts').length).toBeGreaterThan(5);
});

function packagesOf(entry: string): string[] {
  const imports = /^(?:import|export)(?! type)[^;]*?from '([^.'][^']*)';/gm;
  const all = [...loadedWith(path.join(lib, entry))].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(imports)].map(([, name]) => name!),
  );
  return [...new Set(all)].filter((name) => !/^(node:|rxjs|reflect-metadata|@nestjs\/(common|core))/.test(name));
}

it.each(Object.entries(OPTIONAL))('%s loads no optional package but %j', (entry, packages) => {
  expect(packagesOf(entry)).toEqual(packages);
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

it('each variable that moves the servers of brokers:up is documented', () => {
  const variables = [...read('tools/brokers/paths.mjs').matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name!);
  expect(variables.length).toBeGreaterThan(0);
  const documented = [...read('CONTRIBUTING.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(variables.filter((name) => !documented.includes(name))).toEqual([]);
});

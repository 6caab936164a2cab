import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

/** One file each, and the rules that it breaks; a circle is reported once. */
const FILES: readonly (readonly [file: string, code: string, ...rules: readonly string[]])[] = [
  ['lib/driver/up.ts', `import { x } from '../kafka/index.js';`, 'floor-driver'],
  ['lib/driver/upwards.ts', `export * from '../index.js';`, 'floor-driver'],
  ['lib/kafka/kind.ts', `import type { X } from '../nats/index.js';`, 'floor-kafka'],
  ['lib/nats/inside.ts', `export { x } from '../kafka/topic.js';`, 'floor-nats', 'through-the-index'],
  ['lib/nats/later.ts', `export const x = (): unknown => import('../kafka/index.js');`, 'floor-nats'],
  ['lib/nats/type.ts', `export type Y = import('../kafka/index.js').X;`, 'floor-nats'],
  ['lib/errors/up.ts', `import { x } from '../driver/index.js';`, 'floor-errors'],
  ['lib/async/up.ts', `import { x } from '../errors/index.js';`, 'floor-async'],
  ['lib/testing/up.ts', `import { x } from '../module/index.js';`, 'floor-testing'],
  ['lib/kafka/door.ts', `import { x } from '../driver/broker.js';`, 'through-the-index'],
  ['lib/driver/client.ts', `import type { Message } from 'kafkajs';`, 'client-kafkajs'],
  ['lib/index.ts', `export type { Msg } from 'nats';\nexport const x = 1;`, 'client-nats'],
  ['lib/kafka/newer-client.ts', `import type { Msg } from '@nats-io/transport-node';`, 'client-@nats-io'],
  ['lib/kafka/other-client.ts', `export const nats = import('nats');`, 'client-nats'],
  ['lib/driver/outside.ts', `import { x } from '../../test/support/x.js';`, 'nothing-outside'],
  ['lib/unknown/new.ts', `export { x } from '../driver/index.js';`, 'known-floor'],
  ['lib/twin/one.ts', `import type { Other } from './other.js';\nexport type One = Other;`, 'no-circle'],
  ['lib/twin/other.ts', `import type { One } from './one.js';\nexport type Other = One;`],
  ['lib/kafka/one-client.ts', `import type { Kafka } from 'kafkajs';`, 'adapter-kafkajs'],
  ['lib/kafka/the-other.ts', `import type { Consumer } from '@platformatic/kafka';`, 'adapter-@platformatic/kafka'],
  ['lib/kafka/driver/options.ts', `import type { Options } from '../options.js';`, 'port-before-kafkajs'],
  [
    'lib/kafka/options.ts',
    `import type { Kafka } from 'kafkajs';\nimport { x } from '../twin/index.js';\nexport type Options = Kafka;`,
  ],
  ['lib/kafka/also-right.ts', `import { x } from '../async/index.js';\nimport { y } from './topic.js';`],
  ...['async', 'driver', 'errors', 'kafka', 'module', 'nats', 'twin'].map(
    (folder) => [`lib/${folder}/index.ts`, 'export const x = 1;\nexport type X = 1;'] as const,
  ),
  ['lib/driver/broker.ts', 'export const x = 1;'],
  ['lib/kafka/topic.ts', 'export const x = 1, y = 2;'],
  ['test/support/x.ts', 'export const x = 1;'],
];

describe('the floors of lib/', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'floors-'));
  const broken = new Map<string, string[]>();

  beforeAll(() => {
    const write = (file: string, text: string) => {
      mkdirSync(path.join(home, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(home, file), text);
    };
    write('tsconfig.json', '{"compilerOptions":{"module":"nodenext","moduleResolution":"nodenext","target":"ES2022"}}');
    const packages = ['kafkajs', '@platformatic/kafka', 'nats', '@nats-io/transport-node'];
    const dependencies = Object.fromEntries(packages.map((name) => [name, '*']));
    write('package.json', JSON.stringify({ type: 'module', dependencies }));
    for (const client of packages) write(`node_modules/${client}/index.js`, '');
    for (const [file, code] of FILES) write(file, code);
    cpSync('.dependency-cruiser.mjs', path.join(home, '.dependency-cruiser.mjs'));
    const command = path.resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const options = ['lib', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
    const { stdout } = spawnSync(process.execPath, [command, ...options], { cwd: home, encoding: 'utf8' });
    const { summary } = JSON.parse(stdout) as { readonly summary: { readonly violations: readonly Violation[] } };
    for (const { from, rule } of summary.violations) broken.set(from, [...(broken.get(from) ?? []), rule.name]);
  });

  afterAll(() => {
    rmSync(home, { recursive: true, force: true });
  });

  it.each(FILES.map(([file, code, ...rules]) => [file, code.split('\n')[0], rules]))(
    '%s, which says %s, breaks %j',
    (file, _, rules) => {
      expect((broken.get(file as string) ?? []).sort()).toEqual([...(rules as string[])].sort());
    },
  );
});

describe('lib/twin', () => {
  // The project's own configuration, so that a rule that is switched off there fails here.
  const eslint = new ESLint({ ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-syntax' });
  const complaints = async (code: string): Promise<number> => {
    const [result] = await eslint.lintText(code, { filePath: 'lib/twin/index.ts' });
    return result!.messages.length;
  };

  it.each([`const kafkaBus = 1;`, `const kind = 'nats';`, 'const text = `for JetStream`;', `export class NatsBus {}`])(
    'may not say %s',
    async (code) => {
      expect(await complaints(code)).toBe(1);
    },
  );

  it('may use other words', async () => {
    expect(await complaints(`const subject = 'signatures';`)).toBe(0);
  });
});

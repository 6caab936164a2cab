import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compiledApp } from '../support/compiled-library.js';
import { spawned } from './support.js';

describe.each([
  ['ES modules', 'es6'],
  ['CommonJS', 'commonjs'],
] as const)('in an application of %s, the command', (_what, format) => {
  let app: string;

  beforeAll(() => {
    app = compiledApp(`cli-${format}`, path.join(import.meta.dirname, 'apps'), format);
  }, 60_000);

  it('prints the graph alone, and ends although the application keeps its process up', async () => {
    const { code, out, err } = await spawned(app, ['graph', 'dist/bridge.module.js'], { NOISY: '1' });
    expect([code, err]).toEqual([0, expect.stringContaining('printed by the application\n')]);
    expect(out).toMatch(/^flowchart LR\n[^]*Bridge\.fromKafka/);
  });

  it('checks the wiring', async () => {
    const { code, out } = await spawned(app, ['check', 'dist/mistaken.module.js']);
    expect([code, out]).toEqual([1, expect.stringMatching(/^Wiring: 2 mistakes\n/)]);
  });

  it('says in one line what is wrong with a file', async () => {
    const { code, out, err } = await spawned(app, ['check', 'dist/throwing.module.js']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^\[MULTI_BROKER_CLI_MODULE\] .*no database at postgres:\/\/\*\*\*@db\.test\/shop.*$/m);
  });

  it.each([
    ['is never loaded', 'await new Promise(() => undefined);'],
    ['keeps the process up meanwhile', 'setInterval(() => undefined, 1_000); await new Promise(() => undefined);'],
  ])('ends with 2 and says why where a file %s', async (_what, text) => {
    writeFileSync(path.join(app, 'dist/pending.mjs'), text);
    const { code, out, err } = await spawned(app, ['check', 'dist/pending.mjs', '--timeout', '1000']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^\[MULTI_BROKER_CLI_MODULE\] 'dist\/pending\.mjs' was not loaded within 1000 ms.*\n$/);
  });

  it.each([
    ['loaded', 'load', 'could not be loaded'],
    ['created', 'create', 'could not be created'],
  ])('ends with 2 where the application exits while it is %s', async (_what, EXIT, problem) => {
    const { code, out, err } = await spawned(app, ['check', 'dist/exiting.module.js'], { EXIT });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^\[MULTI_BROKER_CLI_MODULE\] .*process\.exit\(0\).*\n$/);
    expect(err).toContain(problem);
  });

  it('uses the copy of the library that the application loads, from wherever it is run', async () => {
    const other = compiledApp('cli-elsewhere', path.join(import.meta.dirname, 'apps'));
    const { code, out } = await spawned(other, ['graph', path.join(app, 'dist/bridge.module.js')]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^flowchart LR\n/)]);
    const graph = path.join(other, 'graph.mmd');
    writeFileSync(graph, 'of before');
    const { code: again, err } = await spawned(other, ['graph', '-o', graph, path.join(app, 'dist/bridge.module.js')]);
    expect([again, err]).toEqual([0, '']);
  }, 60_000);
});

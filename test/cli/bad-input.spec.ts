import { describe, expect, it } from '@jest/globals';
import { ran, ranWith } from './support.js';

const USAGE = 'MULTI_BROKER_CLI_USAGE';
const MODULE = 'MULTI_BROKER_CLI_MODULE';

describe('bad input', () => {
  it.each([
    ['no command', [], USAGE, 'No command is given; there are graph, asyncapi, check'],
    ['an unknown command', ['grahp', 'apps/bridge.module.ts'], USAGE, "no command 'grahp' (did you mean graph?)"],
    ['no file', ['graph'], USAGE, 'graph needs the file'],
    ['two files', ['graph', 'a.js', 'b.js'], USAGE, 'one file, not a.js and b.js'],
    ['an unknown option', ['graph', 'a.js', '--colour'], USAGE, "Unknown option '--colour'"],
    ['an option without its value', ['graph', 'a.js', '--module'], USAGE, '--module'],
    ['another format', ['graph', 'a.js', '--format', 'gif'], USAGE, "one of mermaid, svg, json, not 'gif'"],
    ['a timeout that is none', ['check', 'a.js', '--timeout', 'soon'], USAGE, "not 'soon'"],
    ['a file that there is not', ['graph', 'apps/nothing.js'], MODULE, "no file 'apps/nothing.js'"],
    ['a folder', ['graph', 'apps'], MODULE, "no file 'apps'"],
    ['a file without a module', ['graph', 'support.ts'], MODULE, 'exports no class with @Module'],
    ['several modules', ['graph', 'apps/several.module.ts'], MODULE, '(AdminModule, ShopModule)'],
    [
      'another module',
      ['graph', 'apps/several.module.ts', '--module', 'ShopModul'],
      MODULE,
      "no module 'ShopModul' (did you mean ShopModule?)",
    ],
    [
      'a module without brokers',
      ['graph', 'apps/several.module.ts', '--module', 'AdminModule'],
      MODULE,
      "'AdminModule' imports no MultiBrokerModule",
    ],
    ['a file that throws', ['graph', 'apps/throwing.module.ts'], MODULE, 'no database at'],
    ['a factory that throws', ['graph', 'apps/failing.module.ts'], MODULE, 'the settings are missing'],
    ['an unknown broker of @InjectBroker', ['check', 'apps/injecting.module.ts'], MODULE, 'order'],
    ['--strict alone', ['check', 'apps/bridge.module.ts', '--strict'], USAGE, '--strict needs --connect'],
    [
      'an output that cannot be written',
      ['graph', 'apps/bridge.module.ts', '--output', 'no/folder/graph.mmd'],
      USAGE,
      "'no/folder/graph.mmd' cannot be written",
    ],
  ])('%s is one line with a code, exit code 2, and no result', async (_what, args, code, text) => {
    const { err, ...rest } = await ran(...args);
    expect(err).toMatch(new RegExp(`^\\[${code}\\] [^\\n]+\\n$`));
    expect(err).toContain(text);
    expect(rest).toEqual({ code: 2, out: '' });
  });

  it('is a provider that does not come, and a file that is not loaded, within --timeout', async () => {
    await import('./apps/waiting.module.js');
    const { code, err } = await ran('graph', 'apps/waiting.module.ts', '--timeout', '2000');
    expect([code, err]).toEqual([2, expect.stringContaining('not created within 2000 ms')]);
    const load = (): Promise<never> => new Promise(() => undefined);
    const { code: of, err: why } = await ranWith({ load }, 'graph', 'apps/waiting.module.ts', '--timeout', '1');
    expect([of, why]).toEqual([2, expect.stringContaining('not loaded within 1 ms')]);
  });

  it('shows no credentials of an error', async () => {
    const { err } = await ran('graph', 'apps/throwing.module.ts');
    expect(err).toContain('postgres://***@db.test/shop');
    const { err: all } = await ran('graph', 'apps/throwing.module.ts', '--verbose');
    expect(all).toContain('Caused by: Error');
    expect(err + all).not.toContain('hunter2');
  });

  it('has its stack with --verbose', async () => {
    const { err } = await ran('graph', 'apps/failing.module.ts', '--verbose');
    expect(err).toMatch(/Caused by: Error: the settings are missing\n\s+at /);
  });
});

describe('--help', () => {
  it('lists the commands', async () => {
    const { code, out } = await ran('--help');
    expect([code, out]).toEqual([0, expect.stringMatching(/^Usage: [^]*\n {2}graph[^]*\n {2}check/)]);
  });

  it('lists the options of a command, also without a file', async () => {
    const { code, out } = await ran('check', '--help');
    expect([code, out]).toEqual([0, expect.stringMatching(/check <file>[^]*--connect[^]*--module/)]);
  });
});

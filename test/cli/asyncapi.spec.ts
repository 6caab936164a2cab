import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { AsyncApiDocument } from '../../lib/asyncapi/index.js';
import { ran } from './support.js';

const BRIDGE = 'apps/bridge.module.ts';

describe('asyncapi', () => {
  it('prints the document of all brokers as JSON, with title and version of the package', async () => {
    const { code, out, err } = await ran('asyncapi', BRIDGE);
    expect([code, err]).toEqual([0, '']);
    const { asyncapi, info, servers } = JSON.parse(out) as AsyncApiDocument;
    const { version, description } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;
    expect([asyncapi, info]).toEqual(['3.1.0', { title: 'nestjs-multi-broker', version, description }]);
    expect(Object.keys(servers)).toEqual(['orders', 'events']);
    expect(out).not.toContain('secret-of-nats');
  });

  it('prints it as YAML, with title and version of the command line', async () => {
    const { out } = await ran('asyncapi', BRIDGE, '--format', 'yaml', '--title', 'Bridge', '--version', '2.0.0');
    const { info } = parse(out) as AsyncApiDocument;
    expect(info).toMatchObject({ title: 'Bridge', version: '2.0.0' });
  });

  it('writes it to a file, and prints nothing', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cli-'));
    const file = path.join(folder, 'asyncapi.json');
    expect(await ran('asyncapi', BRIDGE, '--output', file)).toEqual({ code: 0, out: '', err: '' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ asyncapi: '3.1.0' });
    rmSync(folder, { recursive: true });
  });

  it('is not there with wiring mistakes, which are reported', async () => {
    const { code, out, err } = await ran('asyncapi', 'apps/mistaken.module.ts');
    expect([code, out, err]).toEqual([1, '', expect.stringMatching(/^Wiring: 2 mistakes\n/)]);
  });
});

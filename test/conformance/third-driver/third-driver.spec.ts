import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { conformanceSuite } from 'nestjs-multi-broker/driver';
import { record } from '../support/record.js';
import { target } from './target.js';

describe('a driver written against the port alone', () => {
  conformanceSuite(target, { test: it, report: record });

  it('imports nothing of the library but its entry for drivers', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.spec.ts'));
    const imports = files.flatMap((file) => {
      const code = readFileSync(path.join(import.meta.dirname, file), 'utf8');
      return [...code.matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, from]) => from!);
    });
    expect(imports).toContain('nestjs-multi-broker/driver');
    expect(imports.filter((from) => !/^(?:\.\/[\w-]+\.js|nestjs-multi-broker\/driver)$/.test(from))).toEqual([]);
  });
});

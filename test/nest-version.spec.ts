import { createRequire } from 'node:module';
import { expect, it } from '@jest/globals';

declare const NEST_MAJOR: number;

it('the tests run on the major version of Nest that they are meant for', () => {
  const require = createRequire(import.meta.url);
  const versions = ['common', 'core'].map((name) => {
    const { version } = require(`@nestjs/${name}/package.json`) as { version: string };
    return `@nestjs/${name} ${version}`;
  });
  console.info(versions.join(', '));
  for (const version of versions) expect(version).toMatch(new RegExp(` ${String(NEST_MAJOR)}\\.`));
});

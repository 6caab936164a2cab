import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';

const options = {
  swcrc: false,
  module: { type: 'es6' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
  },
};

/**
 * Compiles `lib/` of a checkout without a type check, and puts a script beside it that imports the package by its name. The
 * folder is below the repository, whose `node_modules` both find. Returns the path of the script.
 */
export function compiled(checkout, folder, script) {
  const { name, version, type, exports } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8'));
  const lib = path.join(checkout, 'lib');
  for (const file of readdirSync(lib, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const source = path.join(lib, file);
    const target = path.join(folder, 'dist/esm', file.replace(/\.ts$/, '.js'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, transformSync(readFileSync(source, 'utf8'), { ...options, filename: source }).code);
  }
  const assets = 'asyncapi/page/assets';
  if (existsSync(path.join(lib, assets))) {
    cpSync(path.join(lib, assets), path.join(folder, 'dist/esm', assets), { recursive: true });
  }
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version, type, exports }));
  const copy = path.join(folder, path.basename(script));
  cpSync(script, copy);
  return copy;
}

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';

const root = path.resolve(import.meta.dirname, '../..');

type ModuleFormat = 'es6' | 'commonjs';

/** Compiles lib/, without a type check, for processes of their own. Returns the folder. */
export function compiledLibrary(name: string, format: ModuleFormat = 'es6'): string {
  const output = path.join(root, '.tmp', name, 'lib');
  const files = readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((one) => one.endsWith('.ts'))) {
    const source = path.join(root, 'lib', file);
    const target = path.join(output, file.replace(/\.ts$/, '.js'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, compiled(source, format));
  }
  writeFileSync(
    path.join(output, '..', 'package.json'),
    JSON.stringify({ type: format === 'es6' ? 'module' : 'commonjs' }),
  );
  return output;
}

/** One file, as {@link compiledLibrary} does it. */
export function compiled(filename: string, format: ModuleFormat = 'es6'): string {
  const parser = { syntax: 'typescript', decorators: true } as const;
  const transform = { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true };
  // Clients are loaded by `import()` in either format.
  const module = { type: format, ignoreDynamic: true } as const;
  const options = { swcrc: false, module, jsc: { target: 'es2022', parser, transform } } as const;
  return transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code;
}

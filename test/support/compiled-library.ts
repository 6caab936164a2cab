import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';

const root = path.resolve(import.meta.dirname, '../..');

type ModuleFormat = 'es6' | 'commonjs';

/** Compiles lib/, without a type check, for processes of their own. Returns the folder. */
export function compiledLibrary(name: string, format: ModuleFormat = 'es6'): string {
  const output = path.join(root, '.tmp', name, 'lib');
  compileFolder(path.join(root, 'lib'), output, format);
  writeJson(path.join(output, '..', 'package.json'), { type: format === 'es6' ? 'module' : 'commonjs' });
  return output;
}

/** Compiles the files of a folder as an application of its own, in which the library is installed. Returns its folder. */
export function compiledApp(name: string, sources: string, format: ModuleFormat = 'es6'): string {
  const app = path.join(root, '.tmp', name);
  const installed = path.join(app, 'node_modules/nestjs-multi-broker');
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  compileFolder(path.join(root, 'lib'), path.join(installed, 'dist/esm'), 'es6');
  const { version, type, exports, bin } = manifest;
  writeJson(path.join(installed, 'package.json'), { name: 'nestjs-multi-broker', version, type, exports, bin });
  compileFolder(sources, path.join(app, 'dist'), format);
  writeJson(path.join(app, 'package.json'), { name, version: '1.2.3', type: format === 'es6' ? 'module' : 'commonjs' });
  return app;
}

function compileFolder(from: string, to: string, format: ModuleFormat): void {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((one) => one.endsWith('.ts'))) {
    const target = path.join(to, file.replace(/\.ts$/, '.js'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, compiled(path.join(from, file), format));
  }
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value));
}

/** One file, as {@link compiledLibrary} does it. */
export function compiled(filename: string, format: ModuleFormat = 'es6'): string {
  const parser = { syntax: 'typescript', decorators: true } as const;
  const transform = { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true };
  // Clients are loaded by `import()` in either format.
  // The annotation tells names of exports to `import()` of CommonJS.
  const module = { type: format, ignoreDynamic: true, exportInteropAnnotation: true } as const;
  const options = { swcrc: false, module, jsc: { target: 'es2022', parser, transform } } as const;
  return transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code;
}

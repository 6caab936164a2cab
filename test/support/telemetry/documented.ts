import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compiled, compiledLibrary } from '../compiled-library.js';

const root = path.resolve(import.meta.dirname, '../../..');

/** The code of a block of the documentation that begins by the name of its file. */
export function documented(page: string, file: string): string {
  const text = readFileSync(path.join(root, 'docs', page), 'utf8');
  const [, code] = new RegExp(`\`\`\`js\\n// ${file.replaceAll('.', '\\.')}\\n([\\s\\S]*?)\`\`\``).exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/${page} has no ${file}`);
  return code;
}

/** The application of test/telemetry/process, compiled with the library to modules of this format. Returns its folder. */
export function exampleApp(name: string, format: 'es6' | 'commonjs'): string {
  const folder = path.dirname(compiledLibrary(name, format));
  const app = compiled(path.join(root, 'test', 'telemetry', 'process', 'app.ts'), format);
  writeFileSync(path.join(folder, 'app.js'), app.replaceAll('../../../lib/', './lib/'));
  return folder;
}

/** Starts it, as documented, and resolves when its message has gone over the bridge. */
export async function started(cwd: string, preload: readonly string[], env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...preload, 'app.js'], {
    cwd,
    env: { ...process.env, OTEL_NODE_RESOURCE_DETECTORS: 'none', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

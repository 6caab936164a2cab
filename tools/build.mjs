// Compiles lib/ twice, for `import` and for `require`, and marks each output folder with its module format. What browsers
// load is copied as it is.
// dist/ is replaced as a whole when both passes went well.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = require.resolve('typescript/bin/tsc');
const { sideEffects } = require('../package.json');
const passes = [
  { config: 'tsconfig.esm.json', format: 'esm', type: 'module' },
  { config: 'tsconfig.cjs.json', format: 'cjs', type: 'commonjs' },
];

/** Folders of lib/ whose files no compiler touches. */
const copied = ['asyncapi/page/assets'];

const output = path.join(root, '.tmp', `build-${process.pid}`);
try {
  const codes = await Promise.all(passes.map(compile));
  if (codes.every((code) => code === 0)) publish();
  else process.exitCode = 1;
} finally {
  rmSync(output, { recursive: true, force: true });
}

async function compile({ config, format, type }) {
  const folder = path.join(output, format);
  mkdirSync(folder, { recursive: true });
  // Bundlers read `sideEffects` from the nearest package.json, which is this one.
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify({ type, sideEffects }, null, 2)}\n`);
  for (const assets of copied) cpSync(path.join(root, 'lib', assets), path.join(folder, assets), { recursive: true });
  const child = spawn(process.execPath, [tsc, '-p', config, '--outDir', folder], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
}

function publish() {
  const dist = path.join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  renameSync(output, dist);
}

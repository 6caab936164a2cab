// Compiles lib/ twice, for `import` and for `require`, and marks each output folder with its module format.
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { sideEffects } = createRequire(import.meta.url)('../package.json');
const passes = [
  { config: 'tsconfig.esm.json', out: 'dist/esm', type: 'module' },
  { config: 'tsconfig.cjs.json', out: 'dist/cjs', type: 'commonjs' },
];

rmSync(`${root}/dist`, { recursive: true, force: true });
const failed = (await Promise.all(passes.map(compile))).filter((code) => code !== 0).length;
process.exitCode = failed === 0 ? 0 : 1;

function compile({ config, out, type }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, '-p', config], { cwd: root, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => {
      // Bundlers read `sideEffects` from the nearest package.json, which is this one.
      if (code === 0)
        writeFileSync(`${root}/${out}/package.json`, `${JSON.stringify({ type, sideEffects }, null, 2)}\n`);
      resolve(code);
    });
  });
}

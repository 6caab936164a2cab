// Runs a project of Jest on another version of Node: `npm run test:on-node -- 26 integration [arguments of Jest]`.
// The versions are those of test/nodes/package-lock.json; the npm package `node` carries the binaries.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const nodes = path.join(root, 'test/nodes');
const [major, project, ...rest] = process.argv.slice(2);
if (!/^\d+$/.test(major ?? '') || project === undefined) {
  console.error('Usage: npm run test:on-node -- <major version of Node> <unit | integration | differential> [...]');
  process.exit(2);
}

const child = spawn(
  nodeOf(major),
  [
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    path.join(root, 'node_modules/jest/bin/jest.js'),
    ...['--selectProjects', project],
    // An option that ends the list of projects: a path behind it is a pattern of files.
    ...(project === 'unit' ? ['--config', 'jest.config.mjs'] : ['--maxWorkers', '1']),
    ...rest,
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code) => {
  process.exitCode = code ?? 1;
});

/** Installed when it is first asked for, all versions at once. */
function nodeOf(version) {
  const binary = path.join(nodes, 'node_modules', `node-${version}`, 'bin/node');
  if (!existsSync(binary)) {
    spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', nodes], { stdio: 'inherit' });
  }
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`There is no Node ${version}: test/nodes/package.json names those there are`);
    process.exit(1);
  }
  console.log(`Node ${stdout.trim()}`);
  return binary;
}

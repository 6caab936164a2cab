import { spawnSync } from 'node:child_process';
import { ensureBrokers } from '../tools/brokers/index.mjs';

// Builds library and benchmark, brings servers up where none are given, and runs the benchmark of the given name.
const run = (command, args, env = {}) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
};

const [name, ...args] = process.argv.slice(2);
// These have servers of their own, or need none.
const alone = name === 'soak' || name === 'chaos' || process.env.TWINS === '1';
const needed = alone ? [] : ['kafka', 'nats'];
const env = await ensureBrokers(needed, (line) => console.error(line));
run('npm', ['run', '--silent', 'build']);
run('npx', ['tsc', '-p', 'bench/tsconfig.build.json']);
run(process.execPath, [`.tmp/bench/${name}.js`, ...args], env);

// Packs the package, installs the tarball into applications outside of the project, and runs and tests them there.
// Arguments name the applications; without any it takes them all.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { ensureBrokers } from '../../tools/brokers/ensure-brokers.mjs';
import { BrokersUnavailableError } from '../../tools/brokers/unavailable.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const temp = mkdtempSync(path.join(tmpdir(), 'nestjs-multi-broker-smoke-'));
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

const npm = (...args) => ['npm', ...args];
const node = (file) => [process.execPath, file];
const tsc = (config) => [path.join('node_modules', '.bin', 'tsc'), '-p', config];

const command = (...args) => [path.join('node_modules', '.bin', 'nestjs-multi-broker'), ...args];

const PASTED = 'from-the-docs';
const PASSED = /Tests:?\s+[1-9]\d* passed/;
const THIRD_DRIVER = path.join(root, 'test/conformance/third-driver');
const examples = pages().flatMap(examplesOf);
const readme = filesOf(readFileSync(path.join(root, 'README.md'), 'utf8'));

const anApp = (nodenext) => [
  ['compiles', tsc('tsconfig.build.json')],
  ...(nodenext ? [['compiles as nodenext too', tsc(nodenext)]] : []),
  ['its test passes on twins', npm('test', '--', 'bridge.spec')],
  ['the tests of the documentation pass when pasted', npm('test', '--', PASTED), { says: everyPastedTest() }],
  ['its graph is drawn', command('graph', 'dist/app.module.js'), { says: /^flowchart LR\n[^]*Bridge\.fromKafka/m }],
  ['its AsyncAPI document is printed', command('asyncapi', 'dist/app.module.js'), { says: '"asyncapi": "3.1.0"' }],
  ['its wiring is checked', command('check', 'dist/app.module.js'), { says: 'no mistakes' }],
  ['runs in memory', npm('start', '--silent'), { env: { IN_MEMORY: '1' }, says: 'arrived: Hi!' }],
  ['its test passes on real servers', npm('test', '--', 'bridge.real.spec'), { real: true }],
  ['runs on real servers', npm('start', '--silent'), { real: true, says: 'arrived: Hi!' }],
];
const apps = {
  'nest-11-commonjs-jest': anApp('tsconfig.nodenext.json'),
  'nest-12-esm-vitest': [
    ...anApp(),
    [
      'a third driver passes the conformance suite under Vitest',
      npm('test', '--', 'conformance.spec'),
      { says: PASSED },
    ],
    ['and under node:test', [process.execPath, '--test', 'conformance.test.mjs'], { says: /^\S* fail 0$/m }],
  ],
  'nats-io-alone': [
    ['its types need no other client', tsc('tsconfig.json')],
    [
      'runs on @nats-io, which is not named',
      node('bridge.cjs'),
      { real: true, says: 'connected by @nats-io/transport-node 3\\.' },
    ],
    ['its message arrives', node('bridge.cjs'), { real: true, says: 'arrived: Hi!' }],
  ],
  'platformatic-alone': [
    ['its types need no other client', tsc('tsconfig.json')],
    [
      'its message arrives, or on an older Node the start says which one the client needs',
      node('bridge.cjs'),
      { real: true, says: 'arrived: Hi!|which needs Node 22\\.22 or newer' },
    ],
  ],
  'no-clients': [
    ['imports every entry point', node('import.mjs')],
    ['requires every entry point', node('require.cjs')],
    ['an application loads no conformance suite', node('no-suite.mjs')],
    ['import and require give one class', node('one-class.mjs')],
    ['a missing client is named at the start', node('missing-client.mjs'), { says: 'MULTI_BROKER_CLIENT_MISSING' }],
    ['a second copy is an error at the start', node('second-copy.mjs'), { says: 'MULTI_BROKER_DUPLICATE_COPY' }],
  ],
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(apps);

const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const servers = await realServers();
  const tarball = await pack();
  const installs = Object.fromEntries(chosen.map((name) => [name, install(name, tarball)]));
  for (const name of chosen) await runApp(name, apps[name], await installs[name], servers);
  if (servers) await forgetTopics(servers);
} catch (error) {
  counts.failed++;
  console.error(error.message);
} finally {
  rmSync(temp, { recursive: true, force: true });
}

console.log(`smoke: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} not run`);
if (process.env.TEST_COUNTS_DIR) {
  writeFileSync(path.join(process.env.TEST_COUNTS_DIR, `smoke-${process.pid}.json`), JSON.stringify(counts));
}
process.exitCode = counts.failed === 0 ? 0 : 1;

async function realServers() {
  try {
    return await ensureBrokers(['kafka', 'nats'], (line) => console.error(line));
  } catch (error) {
    if (process.env.REQUIRE_BROKERS === '1' || !(error instanceof BrokersUnavailableError)) throw error;
    console.error(`Not run on real servers: ${error.message}`);
    return undefined;
  }
}

async function pack() {
  const { ok, output } = await run(npm('pack', '--silent', '--pack-destination', temp), { cwd: root });
  const [tarball] = readdirSync(temp).filter((file) => file.endsWith('.tgz'));
  if (!ok || !tarball) throw new Error(`npm pack failed:\n${output}`);
  return path.join(temp, tarball);
}

async function install(name, tarball) {
  const cwd = path.join(temp, name);
  cpSync(path.join(here, 'apps', name), cwd, { recursive: true });
  if (name.startsWith('nest-')) paste(path.join(cwd, 'src', PASTED), name.includes('commonjs'));
  if (name === 'nest-12-esm-vitest') copyThirdDriver(path.join(cwd, 'src/third-driver'));
  const locked = await run(npm('ci', ...QUIET), { cwd });
  if (!locked.ok) return locked;
  return run(npm('install', '--no-save', ...QUIET, tarball), { cwd });
}

function copyThirdDriver(folder) {
  cpSync(THIRD_DRIVER, folder, { recursive: true, filter: (file) => !file.endsWith('.spec.ts') });
}

/** Those of the documentation, by name. */
function pages() {
  const folder = path.join(root, 'docs');
  return readdirSync(folder).map((name) => ({ name, text: readFileSync(path.join(folder, name), 'utf8') }));
}

/** Every block of a page that is a whole test. */
function examplesOf({ name, text }) {
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  const tests = blocks.filter((code) => /^it\(/m.test(code));
  if (name === 'testing.md' && tests.length === 0) throw new Error('docs/testing.md has no example');
  return tests.map((code, index) => ({ file: `${name}-${index + 1}.spec.ts`, code }));
}

/** The files of the README: each begins by a line with its name, several may stand in one block. */
function filesOf(text) {
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  const files = blocks.flatMap((code) => {
    const [, ...named] = code.split(/^\/\/ ([\w.-]+\.ts)\b.*$/m);
    return named.flatMap((file, at) => (at % 2 === 0 ? [{ file, code: named[at + 1] }] : []));
  });
  if (!files.some(({ file }) => file.endsWith('.spec.ts'))) throw new Error('README.md has no test');
  return files;
}

/** In an application of CommonJS relative imports have no ending. */
function paste(folder, commonJs) {
  for (const [under, files] of Object.entries({ docs: examples, readme })) {
    mkdirSync(path.join(folder, under), { recursive: true });
    for (const { file, code } of files) {
      const own = commonJs ? code.replaceAll(/from '(\.[^']*)\.js'/g, "from '$1'") : code;
      writeFileSync(path.join(folder, under, file), own);
    }
  }
}

/** And that of the README. Jest says `Tests: 5 passed`, Vitest `Tests 5 passed`: one that is not found would not fail. */
function everyPastedTest() {
  return new RegExp(`Tests:?\\s+${examples.length + 1} passed`);
}

async function runApp(name, steps, installed, servers) {
  report(name, 'installs', installed);
  for (const [title, command, { real, env, says } = {}] of steps) {
    if (real && !servers) {
      counts.skipped++;
      console.log(`  not run  ${name}: ${title}`);
    } else if (!installed.ok) {
      report(name, title, { ok: false, output: 'not installed' });
    } else {
      const runId = `${process.pid}.${name}.${real ? steps.findIndex(([other]) => other === title) : 'twin'}`;
      const result = await run(command, {
        cwd: path.join(temp, name),
        env: { ...process.env, ...servers, ...env, RUN_ID: runId, CI: 'true' },
      });
      const silent = result.ok && says !== undefined && stripVTControlCharacters(result.output).search(says) < 0;
      report(name, title, silent ? { ok: false, output: `It did not say "${says}":\n${result.output}` } : result);
    }
  }
}

function report(name, title, { ok, output, seconds = 0 }) {
  counts[ok ? 'passed' : 'failed']++;
  console.log(`  ${ok ? 'ok      ' : 'FAILED  '} ${name}: ${title} (${seconds.toFixed(1)} s)`);
  if (!ok) console.log(output.replace(/^/gm, '    | '));
}

/** Runs a command to its end, within three minutes, with its process group. */
function run([command, ...args], { cwd, env = process.env }) {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const limit = setTimeout(() => {
      output += '\nstopped after 180 s';
      process.kill(-child.pid, 'SIGKILL');
    }, 180_000);
    const end = (ok) => {
      clearTimeout(limit);
      resolve({ ok, output, seconds: (performance.now() - began) / 1000 });
    };
    child.once('error', (error) => {
      output += error.message;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

async function forgetTopics({ KAFKA_BROKERS }) {
  const admin = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`smoke.incoming.${process.pid}.`));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

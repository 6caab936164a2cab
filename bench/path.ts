import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { countStream } from './support/arrival-counter.js';
import { prefill } from './support/messages.js';
import type { Task } from './support/task.js';

// The way of one message, Kafka → handler → JetStream → commit: how many files and functions of the library it passes, by
// V8's own count of calls over MESSAGES messages. What is called less often than once a message (a batch, a timer, the
// start) does not count. `--list` names the functions.
const count = Number(process.env['MESSAGES'] ?? 20_000);
const isListed = process.argv.includes('--list');

interface Called {
  readonly file: string;
  readonly name: string;
  /** Calls for each message. */
  readonly calls: number;
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

/** Bridges the messages in a process of its own, which writes its coverage into the folder. */
async function bridge(folder: string): Promise<void> {
  const id = `path_${String(process.pid)}`;
  await prefill(id, count, 8);
  const target = `bench.${id}`;
  const stream = await countStream(id, target, count);
  const task: Task = { from: 'kafka', to: 'jetstream', source: id, target, count, id };
  const env = { ...process.env, TASK: JSON.stringify(task), NODE_V8_COVERAGE: folder };
  const child = fork(new URL('./routes/library.js', import.meta.url), { env });
  const [code] = (await once(child, 'exit')) as [number];
  const { arrived } = await stream.read();
  await stream.end();
  if (code !== 0 || arrived < count)
    throw new Error(`The bridge ended with ${String(code)}, ${String(arrived)} arrived`);
}

async function calledPerMessage(folder: string): Promise<Called[]> {
  const files = await readdir(folder);
  const all = await Promise.all(files.map(async (file) => JSON.parse(await readFile(path.join(folder, file), 'utf8'))));
  return (all as readonly Coverage[]).flatMap(({ result }) => result.flatMap(calledOf));
}

function calledOf({ url, functions }: Coverage['result'][number]): Called[] {
  const [, file] = url.split('/dist/esm/');
  if (file === undefined) return [];
  return functions
    .map(({ functionName: name, ranges }) => ({ file, name, calls: (ranges[0]?.count ?? 0) / count }))
    .filter(({ calls }) => calls >= 0.9);
}

function report(called: readonly Called[]): void {
  const files = [...new Set(called.map(({ file }) => file))].sort();
  const calls = called.reduce((sum, one) => sum + one.calls, 0);
  if (isListed)
    for (const file of files)
      print(
        file,
        called.filter((one) => one.file === file),
      );
  console.log(
    `${files.length} files, ${called.length} functions, ${calls.toFixed(0)} calls a message (${count} messages)`,
  );
}

function print(file: string, functions: readonly Called[]): void {
  const names = functions.map(({ name, calls }) => (calls < 1.5 ? name : `${name} ×${calls.toFixed(1)}`));
  console.log(`${file}\n  ${names.join(', ')}`);
}

const folder = await mkdtemp(path.join(tmpdir(), 'path-'));
try {
  await bridge(folder);
  report(await calledPerMessage(folder));
} finally {
  await rm(folder, { recursive: true });
}

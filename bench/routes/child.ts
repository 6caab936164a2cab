import { type ChildProcess, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import type { Report } from '../support/task.js';
import { type Entrant, PYTHON } from './rows.js';

const here = path.join(import.meta.dirname, '..');
/** For a run that stands still. */
const LIMIT_MS = 240_000;

/** What a process says next. */
export type Next = () => Promise<unknown>;

/** Runs one entrant to its report; `start` is called when it says that messages may be sent. */
export async function runEntrant(
  entrant: Entrant,
  task: object,
  start: (next: Next) => Promise<void>,
): Promise<Report> {
  const env = { ...process.env, ...entrant.env, TASK: JSON.stringify(task) };
  const python = entrant.script.endsWith('.py');
  const child = python ? pythonChild(entrant.script, env) : nodeChild(entrant.script, env);
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  try {
    return await (python ? printed(child) : told(child, start));
  } finally {
    clearTimeout(limit);
    child.kill();
  }
}

function nodeChild(script: string, env: NodeJS.ProcessEnv): ChildProcess {
  const file = path.join(here, `${script}.js`);
  return spawn(process.execPath, [file], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function pythonChild(script: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(PYTHON, [path.resolve('bench', script)], { env, stdio: ['ignore', 'pipe', 'ignore'] });
}

async function told(child: ChildProcess, start: (next: Next) => Promise<void>): Promise<Report> {
  const exit = ended(child);
  const messages = on(child, 'message');
  const next: Next = async () => ((await Promise.race([messages.next(), exit])).value as unknown[])[0];
  let message = await next();
  if (message === 'ready') {
    child.send('go');
    await start(next);
    while (typeof message === 'string') message = await next();
  }
  return message as Report;
}

async function printed(child: ChildProcess): Promise<Report> {
  const exit = ended(child);
  const report = new Promise<Report>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line.startsWith('REPORT ')) resolve(JSON.parse(line.slice('REPORT '.length)) as Report);
    });
  });
  return Promise.race([report, exit]);
}

/** Rejects when a process ends before it has reported. */
function ended(child: ChildProcess): Promise<never> {
  const exit = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`it ended with ${String(code ?? signal)} before it reported`);
  });
  exit.catch(() => undefined);
  return exit;
}

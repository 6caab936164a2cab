import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs a tool to its end; rejects with the tail of what it said. `started` is told its pid. */
export function runTool(command, args, { started, ...options } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    if (child.pid !== undefined) started?.(child.pid);
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', failed);
    child.on('close', (code) => {
      if (code === 0) done(said);
      else failed(new Error(`${command} ended with ${code}: ${said.trim().slice(-1500)}`));
    });
  });
}

/** What a tool prints, or undefined if it is missing, slow or unhappy. */
export function ask(command, args, timeout = 10_000) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout });
  return status === 0 ? stdout + stderr : undefined;
}

/** A server that outlives this process; what it says goes to a file. */
export function spawnServer(command, args, log, started) {
  const file = openSync(log, 'a');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', file, file] });
  closeSync(file);
  child.unref();
  if (child.pid !== undefined) started?.(child.pid);
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('spawn', () => done(child));
  });
}

/** Pids are used again: a process is ours only if its command line holds a mark, such as our data folder. */
export function isOurs(pid, mark) {
  const line = commandLine(pid);
  return line !== undefined && line.includes(mark);
}

function commandLine(pid) {
  if (process.platform !== 'linux') return ask('ps', ['-o', 'command=', '-p', String(pid)]);
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return undefined;
  }
}

/** SIGTERM, then SIGKILL; SIGCONT first, since a stopped process hears no SIGTERM. */
export async function stopProcess(pid, folder, graceMs = 10_000) {
  if (!isOurs(pid, folder)) return;
  signal(pid, 'SIGCONT');
  signal(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline) {
    if (!isOurs(pid, folder)) return;
    await sleep(50);
  }
  signal(pid, 'SIGKILL');
  while (isOurs(pid, folder)) await sleep(20);
}

export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** The end of a server's log, for the message of a failure. */
export function tail(log, characters = 1500) {
  try {
    return readFileSync(log, 'utf8').slice(-characters);
  } catch {
    return '';
  }
}

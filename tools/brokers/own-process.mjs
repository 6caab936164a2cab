import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The process of a server that may be killed, paused and started again; it dies with the process that started it. */
export class OwnProcess {
  #launch;
  #child;

  constructor(launch) {
    this.#launch = launch;
  }

  get pid() {
    if (!this.running) throw new Error('the server does not run');
    return this.#child.pid;
  }

  get running() {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  async start() {
    if (this.running) throw new Error('the server runs already');
    this.#child = await this.#launch();
    const reaper = startReaper(this.#child.pid);
    this.#child.once('exit', () => reaper.kill('SIGKILL'));
  }

  /** Does nothing to one that does not run. */
  signal(name) {
    if (this.running) this.#child.kill(name);
  }

  /** Resolves when the process is gone. A paused process hears no SIGTERM, hence the SIGCONT. */
  async end(signal, graceMs = 10_000) {
    this.signal(signal);
    if (signal === 'SIGTERM') this.signal('SIGCONT');
    const deadline = performance.now() + graceMs;
    while (this.running) {
      if (performance.now() > deadline) this.signal('SIGKILL');
      await sleep(10);
    }
  }
}

/**
 * A shell that waits for the end of its input, which comes when this process dies, however it dies.
 * (Inside Jest `process.on('exit')` is never called.)
 */
function startReaper(pid) {
  const reaper = spawn('sh', ['-c', `read _; kill -9 ${pid}`], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  reaper.unref();
  reaper.stdin.unref();
  return reaper;
}

import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that a test started: it may be killed, paused and started again, and it dies with the test process. */
export class OwnedProcess {
  #child: ChildProcess | undefined;

  constructor(private readonly launch: () => Promise<ChildProcess>) {}

  get pid(): number {
    if (this.#child?.pid === undefined || !this.running) throw new Error('the server does not run');
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async start(): Promise<void> {
    if (this.running) throw new Error('the server runs already');
    this.#child = await this.launch();
    const reaper = startReaper(this.#child.pid!);
    this.#child.once('exit', () => reaper.kill('SIGKILL'));
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) this.#child!.kill(name);
  }

  /** Resolves when the process is gone. A paused process hears no SIGTERM, hence the SIGCONT. */
  async end(signal: 'SIGTERM' | 'SIGKILL', graceMs = 10_000): Promise<void> {
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
function startReaper(pid: number): ChildProcess {
  const reaper = spawn('sh', ['-c', `read _; kill -9 ${pid}`], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}

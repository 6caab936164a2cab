import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Setting } from './setting.js';

/** What app.ts ends with when its start fails. */
const START_FAILED = 75;

/** One replica: started again whenever it ends, as an orchestrator does, until it is ended for good. */
export class Replica {
  /** What no replica may do: end by itself after it has started. */
  readonly ends: string[] = [];
  private child: ChildProcess;
  private started = false;
  private wanted = true;
  private ending = false;

  constructor(private readonly setting: Setting) {
    this.child = this.launch();
  }

  /** Ends the process, which is then started again; `SIGTERM` lets it stop in phases. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.ending = true;
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await exit;
  }

  async endForGood(): Promise<void> {
    this.wanted = false;
    await this.end('SIGTERM');
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  private launch(): ChildProcess {
    this.started = false;
    this.ending = false;
    const child = fork(new URL('./app.js', import.meta.url), {
      env: { ...process.env, SETTING: JSON.stringify(this.setting) },
    });
    child.on('message', () => (this.started = true));
    child.on('exit', (code, signal) => void this.ended(code, signal));
    return child;
  }

  private async ended(code: number | null, signal: string | null): Promise<void> {
    const failedStart = code === START_FAILED && !this.started;
    if (!this.ending && !failedStart) this.ends.push(`code ${String(code)}, signal ${String(signal)}`);
    await pause(300);
    if (this.wanted) this.child = this.launch();
  }
}

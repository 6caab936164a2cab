import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command, Setting } from './setting.js';

const STARTS_MS = 60_000;
/** The budget of a stop is 10 s. */
const ENDS_MS = 25_000;

/** One replica of the bridge: started again whenever it ends, until it is ended for good. */
export class Replica {
  private child: ChildProcess;
  private wanted = true;
  private started = false;
  private readonly events = new EventEmitter();

  constructor(private readonly setting: Setting) {
    this.child = this.launch();
  }

  async whenStarted(): Promise<void> {
    if (!this.started) await once(this.events, 'started', { signal: AbortSignal.timeout(STARTS_MS) });
  }

  tell(command: Command): void {
    if (this.child.connected) this.child.send(command, () => undefined);
  }

  /** Resolves when it has killed itself, or after `ms` when it never got there. True: it did. */
  async killedAt(command: Extract<Command, object>, ms: number): Promise<boolean> {
    const exit = once(this.child, 'exit').then(() => true);
    this.tell(command);
    return Promise.race([exit, pause(ms, false)]);
  }

  /** `SIGTERM` lets it stop in phases; it is started again. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), ENDS_MS);
    await exit;
    clearTimeout(late);
  }

  async endForGood(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.wanted = false;
    await this.end(signal);
  }

  private launch(): ChildProcess {
    this.started = false;
    const child = fork(new URL('./app.js', import.meta.url), {
      env: { ...process.env, SETTING: JSON.stringify(this.setting) },
    });
    child.on('message', () => {
      this.started = true;
      this.events.emit('started');
    });
    child.on('exit', () => void this.ended());
    return child;
  }

  private async ended(): Promise<void> {
    this.started = false;
    await pause(300);
    if (this.wanted) this.child = this.launch();
  }
}

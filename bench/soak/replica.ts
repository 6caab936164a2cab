import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { MultiBrokerHealth } from 'nestjs-multi-broker';
import type { Command, Setting, Told } from './setting.js';

/** What app.ts ends with when its start fails. */
const START_FAILED = 75;

/** Replicas tell their health twice a second: what is older is that of one that is frozen. */
const FRESH_MS = 2_000;

/** The budget of a stop is 10 s. */
const ENDS_MS = 25_000;
const STARTS_MS = 120_000;

/** One replica: started again whenever it ends, as an orchestrator does, until it is ended for good. */
export class Replica {
  /** What no replica may do: end by itself after it has started, or not end when it is to. */
  readonly ends: string[] = [];
  private child: ChildProcess;
  private started = false;
  private wanted = true;
  private ending = false;
  private told: { health: MultiBrokerHealth; at: number } | undefined;
  private readonly events = new EventEmitter();

  constructor(private readonly setting: Setting) {
    this.child = this.launch();
  }

  get name(): string {
    return this.setting.replica;
  }

  get pid(): number | undefined {
    return this.started ? this.child.pid : undefined;
  }

  /** As it was within the last seconds; undefined of one that does not run, still starts, or is frozen. */
  health(): MultiBrokerHealth | undefined {
    return this.started && this.told !== undefined && Date.now() - this.told.at < FRESH_MS
      ? this.told.health
      : undefined;
  }

  /** @throws When it does not start for two minutes. */
  async whenStarted(): Promise<void> {
    if (!this.started) await once(this.events, 'started', { signal: AbortSignal.timeout(STARTS_MS) });
  }

  tell(command: Command): void {
    if (this.child.connected) this.child.send(command, () => undefined);
  }

  /** Bytes in use after forced collections; undefined of one that does not answer. */
  async heap(): Promise<number | undefined> {
    if (!this.started) return undefined;
    this.tell('heap');
    const heap = once(this.events, 'heap', { signal: AbortSignal.timeout(10_000) });
    return heap.then(([bytes]) => bytes as number).catch(() => undefined);
  }

  /** Ends the process, which is then started again; `SIGTERM` lets it stop in phases. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.ending = true;
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    const late = setTimeout(() => this.refusesToEnd(child), ENDS_MS);
    await exit;
    clearTimeout(late);
    this.started = false;
  }

  async endForGood(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.wanted = false;
    await this.end(signal);
  }

  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  private refusesToEnd(child: ChildProcess): void {
    this.ends.push(`${this.name}: still there ${ENDS_MS / 1_000} s after it was to end`);
    child.kill('SIGKILL');
  }

  private launch(): ChildProcess {
    this.started = false;
    this.ending = false;
    const child = fork(new URL('./app.js', import.meta.url), {
      execArgv: ['--expose-gc'],
      env: { ...process.env, SETTING: JSON.stringify(this.setting) },
    });
    child.on('message', (told) => this.hears(told as Told));
    child.on('exit', (code, signal) => void this.ended(code, signal));
    return child;
  }

  private hears({ started, health, heap }: Told): void {
    if (health !== undefined) this.told = { health, at: Date.now() };
    if (heap !== undefined) this.events.emit('heap', heap);
    if (started === undefined) return;
    this.started = true;
    this.events.emit('started');
  }

  private async ended(code: number | null, signal: string | null): Promise<void> {
    const failedStart = code === START_FAILED && !this.started;
    if (!this.ending && !failedStart) this.ends.push(`${this.name}: code ${String(code)}, signal ${String(signal)}`);
    this.started = false;
    await pause(300);
    if (this.wanted) this.child = this.launch();
  }
}

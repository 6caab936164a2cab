import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The process of a server that a benchmark may kill, freeze, and start again. */
export class ServerProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly launch: () => Promise<ChildProcess>) {}

  async start(): Promise<void> {
    this.child = await this.launch();
    this.child.ref();
  }

  /** Does nothing to one that does not run. */
  async kill(): Promise<void> {
    if (!this.runs()) return;
    const exit = once(this.child!, 'exit');
    this.child!.kill('SIGKILL');
    await exit;
  }

  /** It keeps its sockets and answers nothing. */
  freeze(): void {
    if (this.runs()) this.child!.kill('SIGSTOP');
  }

  thaw(): void {
    if (this.runs()) this.child!.kill('SIGCONT');
  }

  private runs(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }
}

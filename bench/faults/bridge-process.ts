import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Setting } from './setting.js';

/** The bridge in a process of its own, which a fault may end. */
export class BridgeProcess {
  handled = 0;
  private readonly child: ChildProcess;

  constructor(setting: Setting) {
    this.child = fork(new URL('./app.js', import.meta.url), {
      env: { ...process.env, SETTING: JSON.stringify(setting) },
    });
    this.child.on('message', (message) => {
      if (message === 'handled') this.handled++;
    });
  }

  /** Ends it and waits for its end; `SIGTERM` lets it stop in phases. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Setting } from './setting.js';

/** The bridge in a process of its own, which a fault may end. */
export class BridgeProcess {
  handled = 0;
  /** Settled once the application has started: a signal before that meets no shutdown hooks. */
  readonly started: Promise<void>;
  private readonly child: ChildProcess;

  constructor(setting: Setting) {
    this.child = fork(new URL('./app.js', import.meta.url), {
      env: { ...process.env, SETTING: JSON.stringify(setting) },
    });
    this.started = new Promise((resolve) => {
      this.child.on('message', (message) => {
        if (message === 'handled') this.handled++;
        if (message === 'started') resolve();
      });
    });
  }

  /** Ends it and waits for its end; `SIGTERM` lets it stop in phases. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (signal === 'SIGTERM') await this.started;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

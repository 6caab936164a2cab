import { isMainThread } from 'node:worker_threads';
import type { Log } from '../driver/index.js';

// Taken when the module loads, so that a test's fake timers do not keep it waiting.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** By which a process is ended, by a platform or at a terminal. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
/** `main.ts` may enable the hooks after the start, too. */
const LOOK_AFTER_MS = 1_000;
const WARNING =
  'Nobody listens for SIGTERM: a signal ends the process with its handlers and publishes cut off, and what they were at ' +
  'comes again. Call app.enableShutdownHooks() in main.ts';

/** How many listen for a signal. */
type CountListeners = (signal: NodeJS.Signals) => number;

/**
 * Warns of an application without `enableShutdownHooks()`. It looks for listeners and is none itself: one more would
 * keep a signal from ending the process, and others who look for listeners from ending it, too.
 */
export class ShutdownHooks {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: Pick<Log, 'warn'>,
    private readonly listeners: CountListeners = (signal) => process.listenerCount(signal),
  ) {}

  lookSoon(afterMs = LOOK_AFTER_MS): void {
    // Signals reach the main thread alone.
    if (!isMainThread) return;
    this.timer ??= startTimer(() => { this.look(); }, afterMs).unref(); // prettier-ignore
  }

  /** The application is closed. */
  end(): void {
    stopTimer(this.timer);
  }

  private look(): void {
    if (SIGNALS.every((signal) => this.listeners(signal) === 0)) this.log.warn(WARNING);
  }
}

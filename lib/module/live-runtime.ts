import { isMainThread } from 'node:worker_threads';
import { type Clock, systemClock } from '../async/index.js';
import type { BrokerDefinition, Driver, Logger } from '../driver/index.js';
import { BrokerRuntime } from '../lifecycle/index.js';
import { NestLog } from './nest-log.js';

/** The runtime of production: each kind's driver, or its twin with the module's option `inMemory`. */
export class LiveRuntime extends BrokerRuntime {
  readonly clock: Clock = systemClock;
  private loading: Promise<unknown> = Promise.resolve();
  private readonly hooks = new ShutdownHooks(new NestLog());
  private readonly keepAlive = new KeepAlive();

  override holdProcess(inMemory: boolean): void {
    if (inMemory) this.keepAlive.hold();
  }

  override releaseProcess(): void {
    this.keepAlive.release();
  }

  /** Twins need no warning: their messages are gone with the process anyway. */
  override started(inMemory: boolean): void {
    if (!inMemory) this.hooks.lookSoon();
  }

  override stopping(): Promise<void> {
    this.hooks.end();
    return Promise.resolve();
  }

  open(definition: BrokerDefinition, inMemory: boolean): Promise<Driver> {
    return inMemory ? this.twin(definition) : definition.driver();
  }

  /**
   * Loads one twin at a time: kinds share modules, and with ES modules Jest fails an import that meets modules half
   * loaded by another one ("request for … is not in cache").
   */
  private twin(definition: BrokerDefinition): Promise<Driver> {
    const twin = this.loading.then(() => definition.twin());
    this.loading = twin.catch(() => undefined);
    return twin;
  }
}

// Taken when the module loads, so that a test's fake timers neither fire nor clear it.
const { setInterval: startInterval, clearInterval: stopInterval } = globalThis;

/** Longest delay that Node accepts. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive while brokers are in memory. A connected broker does so by its socket; with twins alone, a
 * process with nothing else to do would exit right after its start.
 */
export class KeepAlive {
  private timer: NodeJS.Timeout | undefined;

  hold(): void {
    this.timer ??= startInterval(() => undefined, LONGEST_MS);
  }

  release(): void {
    stopInterval(this.timer);
    this.timer = undefined;
  }
}

// Taken when the module loads, so that a test's fake timers do not keep it waiting.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** Signals by which a platform or a terminal ends a process. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
/** Delay of the check: `main.ts` may enable the hooks after the start. */
const LOOK_AFTER_MS = 1_000;
const WARNING =
  'No listener for SIGTERM: a signal ends the process at once, which cuts off handlers and publishes, and their messages ' +
  'are redelivered. Call app.enableShutdownHooks() in main.ts';

/** Counts the listeners of a signal. */
type CountListeners = (signal: NodeJS.Signals) => number;

/**
 * Warns of an application without `enableShutdownHooks()`. It counts listeners rather than adding one, which would keep
 * a signal from ending the process, and would mislead other libraries that count them.
 */
export class ShutdownHooks {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: Pick<Logger, 'warn'>,
    private readonly listeners: CountListeners = (signal) => process.listenerCount(signal),
  ) {}

  lookSoon(afterMs = LOOK_AFTER_MS): void {
    // Signals reach only the main thread.
    if (!isMainThread) return;
    this.timer ??= startTimer(() => this.look(), afterMs).unref();
  }

  /** Cancels the check, as the application is closing. */
  end(): void {
    stopTimer(this.timer);
  }

  private look(): void {
    if (SIGNALS.every((signal) => this.listeners(signal) === 0)) this.log.warn(WARNING);
  }
}

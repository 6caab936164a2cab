import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { asError } from '../errors/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { NestLog } from './nest-log.js';

// Taken when the module loads, so that a test's fake timers do not keep connections open.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** How long other modules' shutdown hooks may go on publishing where Nest does not call ours any more. */
const ABANDONED_MS = 10_000;

/** Closes the connections, after every other module is down. */
export class Connections implements OnModuleInit, OnApplicationShutdown {
  /** The hook of this module is the first of all: every provider is made when it is called. */
  hooksBegan = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly multiBroker: ManagedMultiBroker) {}

  onModuleInit(): void {
    this.hooksBegan = true;
  }

  /**
   * The consumers are down, and this module's hook is the next and last. On Nest 11 another module's hook that throws
   * keeps Nest from calling it, and open sockets would keep the process: then a timer closes them.
   */
  closeSoon(afterMs = ABANDONED_MS): void {
    this.timer ??= startTimer(() => void this.close(), afterMs).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    stopTimer(this.timer);
    await this.close();
  }

  /** Never throws: on Nest 11 that would keep the hooks of others from being called. */
  private async close(): Promise<void> {
    try {
      await this.multiBroker.end();
    } catch (thrown) {
      new NestLog().error('Closing the brokers failed', asError(thrown));
    }
  }
}

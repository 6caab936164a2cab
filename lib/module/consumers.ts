import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Logger } from '../driver/index.js';
import { asError, errorOf, loadedCopies, type MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration, HandlerExplorer } from '../handlers/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import { NestLog } from './nest-log.js';
import type { RootRegistry } from './root-registry.js';

/** The application as {@link Consumers} sees it. */
interface Served {
  readonly multiBroker: ManagedMultiBroker;
  readonly roots: RootRegistry;
  readonly connections: Connections;
  readonly log: Logger;
  /** Called once the handlers are started, or with `autoStart: false` once they are checked. */
  started(): void;
  /** Called before the handlers are stopped. */
  stopping(): Promise<void> | undefined;
}

/**
 * Starts the handlers after every other module has started, and stops them before any other stops. Nest calls the hooks
 * once per definitions module, which is harmless: repeated starts and stops are no-ops.
 */
export class Consumers implements OnApplicationBootstrap, OnModuleDestroy {
  private reported = false;
  private warned = false;
  private checksInjected = false;

  constructor(
    private readonly application: Served,
    private readonly explorer: HandlerExplorer,
  ) {
    application.multiBroker.explore(() => this.explore());
  }

  get multiBroker(): ManagedMultiBroker {
    return this.application.multiBroker;
  }

  /** Makes the wiring check report classes that inject an unknown broker: a factory's names come too late for Nest. */
  checkInjected(): void {
    this.checksInjected = true;
  }

  /** Starts no earlier than in this hook, since other modules may add brokers in their own hooks. */
  async onApplicationBootstrap(): Promise<void> {
    this.warnOfGlobalEnhancers();
    if (this.application.roots.autoStart) await this.multiBroker.start();
    else this.multiBroker.check();
    this.application.started();
  }

  async onModuleDestroy(): Promise<void> {
    await this.application.stopping();
    await this.multiBroker.drain();
    this.application.connections.closeSoon();
  }

  /** Global enhancers are mostly written for HTTP, yet run for messages; a message refused by such a guard is lost. */
  private warnOfGlobalEnhancers(): void {
    if (this.warned || this.multiBroker.globalEnhancers !== undefined) return;
    this.warned = true;
    const names = this.explorer.globalEnhancers();
    const handlers = this.explore().filter(({ options }) => options.globalEnhancers === undefined).length;
    if (names.length === 0 || handlers === 0) return;
    this.application.log.warn(
      `Global enhancers also run for the messages of ${String(handlers)} handler(s): ${names.join(', ')}. Those written for HTTP must let messages pass ` +
        '(isBrokerContext(context) is true). Set globalEnhancers: false in forRoot() or @Subscribe to turn them off, or true in forRoot() to turn off this warning',
    );
  }

  private explore(): readonly HandlerDeclaration[] {
    const explored = this.explorer.explore(this.application.connections.hooksBegan);
    const { declarations, problems, leftOut } = explored;
    this.multiBroker.addresses.publishesAnywhere = explored.publishesAnywhere;
    if (explored.findsBrokers) this.multiBroker.followHandled();
    if (!this.reported) {
      for (const line of leftOut) this.application.log.info(line);
      for (const problem of [...copyProblems(), ...this.application.roots.problems(), ...this.injected(), ...problems])
        this.multiBroker.problem(problem);
    }
    this.reported = true;
    return declarations;
  }

  private injected(): readonly MultiBrokerError[] {
    if (!this.checksInjected) return [];
    return this.explorer.injected().flatMap(({ name, by }) => this.multiBroker.injectionProblem(name, by) ?? []);
  }
}

/** The package's exports make `require` and `import` share one copy, but cannot prevent a second installation. */
function copyProblems(): MultiBrokerError[] {
  const copies = loadedCopies();
  if (copies.length < 2) return [];
  return [errorOf('MULTI_BROKER_DUPLICATE_COPY', { copies: copies.join(' and ') })];
}

// Taken when the module loads, so that a test's fake timers do not keep connections open.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

/** How long other modules' shutdown hooks may publish if Nest skips this module's own hook. */
const ABANDONED_MS = 10_000;

/** Closes the connections after every other module has shut down. */
export class Connections implements OnModuleInit, OnApplicationShutdown {
  /** Whether start-up hooks have begun. This module's hook runs first, when every provider has been created. */
  hooksBegan = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly multiBroker: ManagedMultiBroker) {}

  onModuleInit(): void {
    this.hooksBegan = true;
  }

  /**
   * A fallback for `onApplicationShutdown()`, started when the consumers have stopped. On Nest 11 another module's hook
   * that throws keeps Nest from calling ours, and open sockets would keep the process alive; a timer then closes them.
   */
  closeSoon(afterMs = ABANDONED_MS): void {
    this.timer ??= startTimer(() => void this.close(), afterMs).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    stopTimer(this.timer);
    await this.close();
  }

  /** Never throws: on Nest 11 that would keep the hooks of other modules from being called. */
  private async close(): Promise<void> {
    try {
      await this.multiBroker.end();
    } catch (thrown) {
      new NestLog().error('Closing the brokers failed', asError(thrown));
    }
  }
}

import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { loadedCopies, MultiBrokerError } from '../errors/index.js';
import type { Log } from '../driver/index.js';
import type { HandlerDeclaration, HandlerExplorer } from '../handlers/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import type { Connections } from './connections.js';
import type { RootRegistry } from './root-registry.js';

/** What the handlers' side needs of the application. */
interface Served {
  readonly multiBroker: ManagedMultiBroker;
  readonly roots: RootRegistry;
  readonly connections: Connections;
  readonly log: Log;
  /** Told once they are started, or where the application starts them itself. */
  started(): void;
  /** Told before the handlers are stopped. */
  stopping(): Promise<void> | undefined;
}

/**
 * Starts the handlers when every other module is up, and stops them before any other goes down. Nest calls it once for
 * each module of definitions: start and stop are each one, however often they are asked for.
 */
export class Consumers implements OnApplicationBootstrap, OnModuleDestroy {
  private told = false;
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

  /** Names are known after Nest has looked for what it injects: who injects one that there is not is told here. */
  checkInjected(): void {
    this.checksInjected = true;
  }

  /** Not earlier: a module may add brokers in any hook of its own, as if they stood in `forRoot()`. */
  async onApplicationBootstrap(): Promise<void> {
    this.tellOfGlobals();
    if (this.application.roots.autoStart) await this.multiBroker.start();
    else this.multiBroker.check();
    this.application.started();
  }

  async onModuleDestroy(): Promise<void> {
    await this.application.stopping();
    await this.multiBroker.drain();
    this.application.connections.closeSoon();
  }

  /** Made for HTTP as a rule, they see each message too; a guard among them that refuses one loses it. */
  private tellOfGlobals(): void {
    if (this.warned || this.multiBroker.globalEnhancers !== undefined) return;
    this.warned = true;
    const names = this.explorer.globalEnhancers();
    const handlers = this.explore().filter(({ options }) => options.globalEnhancers === undefined).length;
    if (names.length === 0 || handlers === 0) return;
    this.application.log.warn(
      `Global enhancers run for messages too, of ${String(handlers)} handler(s): ${names.join(', ')}. One that is made for HTTP has to let pass ` +
        'where isBrokerContext(context) is true. globalEnhancers: false of forRoot() or @Subscribe switches them off; true of forRoot(), this warning',
    );
  }

  private explore(): readonly HandlerDeclaration[] {
    const { declarations, problems, leftOut } = this.explorer.explore(this.application.connections.hooksBegan);
    if (!this.told) {
      for (const line of leftOut) this.application.log.info(line);
      for (const problem of [...copyProblems(), ...this.application.roots.problems(), ...this.injected(), ...problems])
        this.multiBroker.problem(problem);
    }
    this.told = true;
    return declarations;
  }

  private injected(): readonly MultiBrokerError[] {
    if (!this.checksInjected) return [];
    return this.explorer.injected().flatMap(({ name, by }) => this.multiBroker.injectionProblem(name, by) ?? []);
  }
}

/** One class for `require` and `import` is what the package's exports see to; a second install is beyond them. */
function copyProblems(): MultiBrokerError[] {
  const copies = loadedCopies();
  if (copies.length < 2) return [];
  const what = `Copies of nestjs-multi-broker are loaded from ${copies.join(' and ')}`;
  return [new MultiBrokerError('MULTI_BROKER_DUPLICATE_COPY', what)];
}

import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { loadedCopies, MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration, HandlerExplorer } from '../handlers/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import type { Connections } from './connections.js';
import type { RootRegistry } from './root-registry.js';

/** What the handlers' side needs of the application. */
interface Served {
  readonly multiBroker: ManagedMultiBroker;
  readonly roots: RootRegistry;
  readonly connections: Connections;
  /** Told before the handlers are stopped. */
  stopping(): Promise<void> | undefined;
}

/**
 * Starts the handlers when every other module is up, and stops them before any other goes down. Nest calls it once for
 * each module of definitions: start and stop are each one, however often they are asked for.
 */
export class Consumers implements OnApplicationBootstrap, OnModuleDestroy {
  private told = false;

  constructor(
    private readonly application: Served,
    private readonly explorer: HandlerExplorer,
  ) {
    application.multiBroker.explore(() => this.explore());
  }

  get multiBroker(): ManagedMultiBroker {
    return this.application.multiBroker;
  }

  /** Not earlier: a module may add brokers in any hook of its own, as if they stood in `forRoot()`. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.application.roots.autoStart) await this.multiBroker.start();
    else this.multiBroker.check();
  }

  async onModuleDestroy(): Promise<void> {
    await this.application.stopping();
    await this.multiBroker.drain();
    this.application.connections.closeSoon();
  }

  private explore(): readonly HandlerDeclaration[] {
    const { declarations, problems } = this.explorer.explore(this.application.connections.hooksBegan);
    if (!this.told) {
      for (const problem of [...copyProblems(), ...this.application.roots.problems(), ...problems])
        this.multiBroker.problem(problem);
    }
    this.told = true;
    return declarations;
  }
}

/** One class for `require` and `import` is what the package's exports see to; a second install is beyond them. */
function copyProblems(): MultiBrokerError[] {
  const copies = loadedCopies();
  if (copies.length < 2) return [];
  const what = `Copies of nestjs-multi-broker are loaded from ${copies.join(' and ')}`;
  return [new MultiBrokerError('MULTI_BROKER_DUPLICATE_COPY', what)];
}

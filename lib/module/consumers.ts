import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { loadedCopies, MultiBrokerError } from '../errors/index.js';
import { type HandlerDeclaration, HandlerExplorer } from '../handlers/index.js';
import { ManagedMultiBroker } from '../lifecycle/index.js';
import { Connections } from './connections.js';
import { RootRegistry } from './root-registry.js';

/** Starts the handlers when every other module is up, and stops them before any other goes down. */
@Injectable()
export class Consumers implements OnApplicationBootstrap, OnModuleDestroy {
  private told = false;

  constructor(
    private readonly multiBroker: ManagedMultiBroker,
    private readonly explorer: HandlerExplorer,
    private readonly roots: RootRegistry,
    private readonly connections: Connections,
  ) {
    multiBroker.explore(() => this.explore());
  }

  /** Not earlier: a module may add brokers in any hook of its own, as if they stood in `forRoot()`. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.roots.autoStart) await this.multiBroker.start();
    else this.multiBroker.check();
  }

  async onModuleDestroy(): Promise<void> {
    await this.multiBroker.drain();
    this.connections.closeSoon();
  }

  private explore(): readonly HandlerDeclaration[] {
    const { declarations, problems } = this.explorer.explore(this.connections.hooksBegan);
    if (!this.told) {
      for (const problem of [...copyProblems(), ...this.roots.problems(), ...problems])
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

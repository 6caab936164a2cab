import { errorOf, type MultiBrokerError } from '../errors/index.js';
import type { ResolvedOptions } from '../lifecycle/index.js';

/** Counts the `forRoot()` modules of an application. */
export class RootRegistry {
  private roots = 0;
  /** Options of the root. */
  autoStart = true;
  inMemory = false;

  /** Counts a root; the second and further ones are an error. */
  addRoot({ autoStart, inMemory }: ResolvedOptions): MultiBrokerError | undefined {
    this.roots++;
    if (this.roots > 1) return errorOf('MULTI_BROKER_SECOND_ROOT', {});
    this.autoStart = autoStart;
    this.inMemory = inMemory;
    return undefined;
  }

  /** Reports feature modules without a root, which have no options and no default broker. */
  problems(): MultiBrokerError[] {
    if (this.roots > 0) return [];
    return [errorOf('MULTI_BROKER_NO_BROKER.featureOnly', {})];
  }
}

/** Names of the registered brokers. Nest creates definitions modules concurrently, so that lookups may have to wait. */
export class RegisteredNames {
  private readonly names = new Set<string>();
  private readonly waiting = new Map<string, (() => void)[]>();

  has(name: string): boolean {
    return this.names.has(name);
  }

  add(name: string): void {
    this.names.add(name);
    for (const resolve of this.waiting.get(name) ?? []) resolve();
    this.waiting.delete(name);
  }

  /** Resolves once a broker of this name is registered. */
  when(name: string): Promise<void> {
    if (this.has(name)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]));
  }
}

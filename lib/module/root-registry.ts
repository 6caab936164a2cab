import { MultiBrokerError } from '../errors/index.js';
import type { ResolvedOptions } from '../lifecycle/index.js';

/** How often `forRoot()` is in an application; one instance an application. */
export class RootRegistry {
  private roots = 0;
  /** As the root says. */
  autoStart = true;
  inMemory = false;

  /** Counts a root; the second and further ones are a mistake. */
  addRoot({ autoStart, inMemory }: ResolvedOptions): MultiBrokerError | undefined {
    this.roots++;
    if (this.roots > 1)
      return new MultiBrokerError('MULTI_BROKER_SECOND_ROOT', 'MultiBrokerModule.forRoot() is imported twice');
    this.autoStart = autoStart;
    this.inMemory = inMemory;
    return undefined;
  }

  /** Feature modules alone have no options and no default broker. */
  problems(): MultiBrokerError[] {
    if (this.roots > 0) return [];
    return [
      new MultiBrokerError('MULTI_BROKER_NO_BROKER', 'MultiBrokerModule.forFeature() is imported without forRoot()'),
    ];
  }
}

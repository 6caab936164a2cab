import { MultiBrokerError } from '../errors/index.js';

/** How often `forRoot()` is in an application; one instance an application. */
export class RootRegistry {
  private roots = 0;
  /** As the root says. */
  autoStart = true;

  /** Counts a root; the second and further ones are a mistake. */
  addRoot(autoStart: boolean): MultiBrokerError | undefined {
    this.roots++;
    if (this.roots > 1)
      return new MultiBrokerError('MULTI_BROKER_SECOND_ROOT', 'MultiBrokerModule.forRoot() is imported twice');
    this.autoStart = autoStart;
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

import { type BrokerDefinition, type Clock, type Driver, systemClock } from '../driver/index.js';
import { DriverSource } from '../lifecycle/index.js';
import { NestLog } from './nest-log.js';
import { ShutdownHooks } from './shutdown-hooks.js';

/** What runs in production: each kind's own driver, or its twin where the module is `inMemory`. */
export class RealDrivers extends DriverSource {
  readonly clock: Clock = systemClock;
  private loading: Promise<unknown> = Promise.resolve();
  private readonly hooks = new ShutdownHooks(new NestLog());

  /** What twins hold is gone with the process anyway. */
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
   * One after the other: kinds share modules, and with ES modules Jest fails an import that meets another one's
   * modules half loaded ("request for … is not in cache").
   */
  private twin(definition: BrokerDefinition): Promise<Driver> {
    const twin = this.loading.then(() => definition.twin());
    this.loading = twin.catch(() => undefined);
    return twin;
  }
}

import { type BrokerDefinition, type Clock, type Driver, systemClock } from '../driver/index.js';
import { DriverSource } from '../lifecycle/index.js';

/** What runs in production: each kind's own driver, or its twin where the module is `inMemory`. */
export class RealDrivers extends DriverSource {
  readonly clock: Clock = systemClock;
  private loading: Promise<unknown> = Promise.resolve();

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

import { type BrokerDefinition, type Clock, type Driver, systemClock } from '../driver/index.js';
import { DriverSource } from '../lifecycle/index.js';

/** What runs in production: each kind's own driver, or its twin where the module is `inMemory`. */
export class RealDrivers extends DriverSource {
  readonly clock: Clock = systemClock;

  open(definition: BrokerDefinition, inMemory: boolean): Promise<Driver> {
    return inMemory ? definition.twin() : definition.driver();
  }
}

import type { DeliveryObserver } from '../delivery/index.js';
import type { BrokerDefinition, Clock, Driver, Incoming } from '../driver/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';

/**
 * Where drivers come from: the one seam that a test replaces (`overrideModule(MultiBrokerModule)`).
 * One instance a Nest application.
 */
export abstract class DriverSource {
  /** The clock of core and drivers. */
  abstract readonly clock: Clock;
  /** A test's eyes on all deliveries. */
  readonly observer: DeliveryObserver | undefined;
  /** Makes the driver of a broker, not connected. `inMemory` is the module's option. */
  abstract open(definition: BrokerDefinition, inMemory: boolean): Promise<Driver>;

  /** A test's eyes: may wrap what calls a handler. Asked for each handler whenever the wiring is checked, and each subscription. */
  watch(declaration: HandlerDeclaration): HandlerDeclaration {
    return declaration;
  }

  /** The message whose handler calls now, where somebody follows that: what it publishes by hand has its origin there. */
  handling?(): Incoming | undefined;
}

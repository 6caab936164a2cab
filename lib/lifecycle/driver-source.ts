import type { DeliveryObserver } from '../delivery/index.js';
import type { BrokerDefinition, Clock, Driver, Incoming } from '../driver/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import type { ManagedMultiBroker } from './managed-multi-broker.js';

/** The brokers of the application that a DriverSource serves, and what they do in its hooks. */
export interface ServedApplication {
  readonly multiBroker: ManagedMultiBroker;
  onModuleInit(): void;
  onApplicationShutdown(): Promise<void>;
}

/**
 * Where drivers come from: the one seam that a test replaces (`overrideModule(MultiBrokerModule)`).
 * One instance a Nest application, so that it also holds what an application has once.
 */
export abstract class DriverSource {
  /** The clock of core and drivers. */
  abstract readonly clock: Clock;
  /** Whether nobody moves the clock while the application starts, so that nothing is waited for by it. */
  readonly clockStands: boolean = false;
  /** A test's eyes on all deliveries. */
  readonly observer: DeliveryObserver | undefined;
  /** Set as soon as something of the application asks for its brokers. */
  serves: ServedApplication | undefined;
  /** Makes the driver of a broker, not connected. `inMemory` is the module's option. */
  abstract open(definition: BrokerDefinition, inMemory: boolean): Promise<Driver>;

  /**
   * A test's eyes: may wrap what calls a handler. Asked for each handler whenever the wiring is checked, and each
   * subscription.
   */
  watch(declaration: HandlerDeclaration): HandlerDeclaration {
    return declaration;
  }

  /** A test's eyes: guards, interceptors and pipes have let a call through, and the method itself is called now. */
  methodCalled?(): void;

  /**
   * The message whose handler calls now, where somebody follows that: what it publishes by hand has its origin there.
   */
  handling?(): Incoming | undefined;

  /** Nest has started the application. `inMemory` is the module's option. */
  started?(inMemory: boolean): void;

  /** The application is being closed, and its handlers are stopped next. */
  stopping?(): Promise<void>;

  /** Nest's hooks: the module that holds this one comes up before all others, and goes down after them. */
  onModuleInit(): void {
    this.serves?.onModuleInit();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.serves?.onApplicationShutdown();
  }
}

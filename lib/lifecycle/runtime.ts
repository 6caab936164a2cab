import type { Clock } from '../async/index.js';
import { type Binding, type Outlet, type PublishHooks, unfollowHandled } from '../delivery/index.js';
import type { BrokerDefinition, Driver, DriverContext, Incoming, MultiBroker } from '../driver/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import type { Budget } from './stop-source.js';

/** The application that a BrokerRuntime serves, with its lifecycle hooks. */
export interface ServedApplication {
  readonly multiBroker: MultiBroker;
  onModuleInit(): void;
  onApplicationShutdown(): Promise<void>;
}

/**
 * Creates drivers: the one seam that a test replaces, by `overrideModule(MultiBrokerModule)`. There is one instance per
 * Nest application, so that it also holds the application-wide state.
 */
export abstract class BrokerRuntime {
  /** The clock of core and drivers. */
  abstract readonly clock: Clock;
  /** Whether the clock stands still during a start, so that the start must not wait for a timer. */
  readonly clockStands: boolean = false;
  /** Whether a retry in place follows at once, as the clock does not move by itself. */
  readonly retriesAtOnce: boolean = false;
  /** Set by {@link serve}. */
  serves: ServedApplication | undefined;

  /** Called once, when the first provider of the application asks for its brokers. */
  serve(application: ServedApplication): void {
    this.serves = application;
  }

  /** Creates the driver of a broker, not yet connected. `inMemory` is the module's option. */
  abstract open(definition: BrokerDefinition, inMemory: boolean): Promise<Driver>;

  /**
   * Lets a test wrap the call of a handler. Called for each handler whenever the wiring is checked, and for each
   * explicit subscription.
   */
  watch(declaration: HandlerDeclaration): HandlerDeclaration {
    return declaration;
  }

  /** Lets a test see that a handler's method is called, after guards, interceptors and pipes. */
  methodCalled?(): void;

  /**
   * The message whose handler is running, if a test tracks it: the origin of explicit publishes.
   */
  handling?(): Incoming | undefined;

  /** A start begins: keeps the process alive until {@link releaseProcess}. `inMemory` is the module's option. */
  holdProcess?(inMemory: boolean): void;

  /** All brokers are disconnected, after a stop or a failed start. */
  releaseProcess?(): void;

  /** Nest has started the application. `inMemory` is the module's option. */
  started?(inMemory: boolean): void;

  /** The application is closing; its handlers are stopped next. */
  stopping?(): Promise<void>;

  /** Nest's hooks: the module that holds this one comes up before all others, and goes down after them. */
  onModuleInit(): void {
    this.serves?.onModuleInit();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.serves?.onApplicationShutdown();
    unfollowHandled(this);
  }
}

/** The application as one of its brokers sees it. */
export interface BrokerHost {
  readonly drivers: BrokerRuntime;
  readonly io: Omit<DriverContext, 'state' | 'broker'>;
  readonly inMemory: () => boolean;
  readonly maxHops: () => number;
  /** Runs an operation outside the start, after the wiring check, with a time limit. @throws MULTI_BROKER_STOPPED */
  onDemand<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** @throws MULTI_BROKER_STOPPED once a stop has begun, which would miss a subscription that starts then. */
  refuseReading(): void;
  /** The deadline of one phase: a share of the time limit of a stop. */
  readonly stopDeadline: Budget;
  /** Bindings that the handlers of the application read or will read; empty until the wiring is checked. */
  claims(): readonly Binding[];
  /** Whether a start is under way. */
  isStarting(): boolean;
  /** Why sources of this broker are stalled or not read, if the cause is another broker or the start. */
  issuesOf(broker: string): readonly string[];
  readonly outlet: (broker: string) => Outlet | undefined;
  /** Headers that the application adds to all it publishes. */
  readonly hooks: PublishHooks;
  cameUp(): void;
}

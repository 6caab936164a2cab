import type { Destination, PublishOptions, PublishReceipt } from '../driver/index.js';
import type { BrokerFault } from '../twin/index.js';
import type { DeliveryFilter, DeliveryRecord } from './delivery-record.js';
import type { AnyClass, HandlerMock } from './handler-mocks.js';
import type { PendingItem } from './pending.js';
import type { PublishedMessage } from './published-message.js';
import type { Timeline } from './timeline.js';

/** The names of a class's methods. */
export type MethodOf<T> = { [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] &
  string;

/** Possible payload types of a handler: any of its parameters, as decorators decide which one it is. */
export type PayloadOf<F> = F extends (...args: infer A extends never[]) => unknown
  ? A extends readonly []
    ? unknown
    : A[number]
  : unknown;

/**
 * The clock of twins. Only these methods move it, timer by timer; everything that a timer causes is settled before the
 * next one fires.
 */
export interface HarnessClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Moves by `ms`, firing every timer on the way.
   *
   * @throws like {@link MultiBrokerHarness.settled}, after the clock has moved all the way
   */
  advance(ms: number): Promise<void>;
  /** Moves to the next timer; false if there is none. @throws like {@link MultiBrokerHarness.settled} */
  next(): Promise<boolean>;
}

/**
 * The API of tests: publishes messages, waits until everything they cause is done, and shows the results.
 *
 * ```ts
 * const harness = moduleRef.get(MultiBrokerHarness);
 * await harness.publish('orders', 'incoming', 'Hi!');
 * expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
 * ```
 *
 * Each compiled module has its own harness and records. With `configure({ real: true })` the same test runs on real
 * brokers, without {@link clock}, {@link fault} and {@link restart}.
 */
export abstract class MultiBrokerHarness {
  /** The clock of twins. @throws MultiBrokerError MULTI_BROKER_REAL_BROKERS on real brokers */
  abstract readonly clock: HarnessClock;

  /**
   * Publishes like `Broker.publish`, then waits like {@link settled}. If a scripted crash cuts the publish off, or a fault
   * delays it by the clock, it resolves with an empty receipt, and `settled()` reports a later failure. While the
   * application is crashed, it publishes like another process: the twins keep the message until {@link restart}, if their
   * system keeps messages.
   *
   * @throws the error of the publish or of a handler; several as an AggregateError; MultiBrokerError
   * MULTI_BROKER_NOT_CONNECTED before `init()` of the application, when no handler is subscribed yet
   */
  abstract publish(
    broker: string,
    destination: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt>;

  /**
   * Resolves when everything is idle: no publish is in flight, no handler is running, and every message is settled or
   * waits for a later time (see {@link pending}). It does not move the clock, and it is exact rather than based on a quiet
   * period. On real brokers it waits for running handlers of this application and their retries in place; it cannot know
   * of messages that were not fetched yet: see {@link waitFor}.
   *
   * Failures are errors thrown by a handler, errors that kept it from being called (an undecodable or invalid payload, a
   * guard that refuses) and failed publishes of its results, unless a filter or a later attempt has resolved them. Dropped
   * messages are failures too, and so are messages waiting for redelivery.
   *
   * @throws every failure not reported yet: one as itself, several as an AggregateError, with a timeline;
   * MultiBrokerError MULTI_BROKER_NOT_SETTLED after `settleTimeoutMs` of real time (real brokers: `timeoutMs`) or
   * 100,000 deliveries, with the running and pending work
   */
  abstract settled(): Promise<void>;

  /**
   * From now on until {@link reset}, `publish()`, `settled()` and the clock do not reject with failures of handlers, but
   * add them to the returned list, which is the same at every call.
   */
  abstract expectFailures(): readonly Error[];

  /** Pending work, sorted by due time; items without one come last. */
  abstract pending(): readonly PendingItem[];

  /**
   * The calls of a handler: a mock function for `expect` of Jest and Vitest, one call for each attempt that reaches
   * it, with one argument, the decoded payload. For an abstract class, the calls of the only class that extends it.
   *
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER
   */
  abstract handler<T, M extends MethodOf<T>>(type: AnyClass<T>, method: M): HandlerMock<PayloadOf<T[M]>>;

  /**
   * Messages that the broker has confirmed, by any publisher; to one destination, or to all.
   *
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_BROKER; MULTI_BROKER_UNKNOWN_DESTINATION for a near miss of a name
   * of the application, if no class injects a broker and no handler gets its context: nothing can be published there
   */
  abstract published(broker: string, destination?: string | Destination): readonly PublishedMessage[];

  /**
   * Every delivery of a message to a handler, in order of arrival, in its current state; including those that failed
   * before the handler was called, and those of `broker.subscribe()`.
   *
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER or MULTI_BROKER_UNKNOWN_BROKER for an unknown name in the filter
   */
  abstract deliveries(filter?: DeliveryFilter): readonly DeliveryRecord[];

  /** Everything that happened, as a tree across all brokers; `toString()` formats it. */
  abstract timeline(): Timeline;

  /**
   * Resolves when the predicate returns a truthy value; it is called repeatedly, even after it throws. Meant for real
   * brokers, where messages take time. It does not move the clock of twins.
   *
   * @param options `timeoutMs` of real time; default: the module's `timeoutMs`, on twins its `settleTimeoutMs`
   * @throws MultiBrokerError MULTI_BROKER_WAIT_TIMEOUT with a timeline
   */
  abstract waitFor(predicate: () => unknown, options?: { readonly timeoutMs?: number }): Promise<void>;

  /**
   * Scripts faults on a broker's twin.
   *
   * @throws MultiBrokerError MULTI_BROKER_REAL_BROKERS on real brokers; MULTI_BROKER_UNKNOWN_BROKER
   */
  abstract fault(broker: string): BrokerFault;

  /**
   * Restarts the application's brokers, after {@link BrokerFault.crashAt} or as if the process were killed now, then waits
   * like {@link settled}. Handlers and records are kept. Unsettled messages are redelivered as their system does: Kafka
   * resumes from the committed offset, JetStream redelivers after `ackWaitMs` of {@link clock}, core NATS does not
   * redeliver. Hooks of the application are not called; instead, subscriptions made by `broker.subscribe()` outside of
   * handlers are restored.
   *
   * @throws MultiBrokerError MULTI_BROKER_REAL_BROKERS on real brokers; BrokerStartError; like {@link settled}
   */
  abstract restart(): Promise<void>;

  /** Clears calls, deliveries, failures and published messages. Running work continues, and the clock is unchanged. */
  abstract reset(): void;
}

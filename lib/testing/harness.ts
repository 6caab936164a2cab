import type { Destination, PublishOptions, PublishReceipt } from '../driver/index.js';
import type { BrokerFault } from '../twin/index.js';
import type { DeliveryFilter, DeliveryRecord } from './delivery-record.js';
import type { HandlerMock } from './handler-mock.js';
import type { AnyClass } from './handler-mocks.js';
import type { PendingItem } from './pending-item.js';
import type { PublishedMessage } from './published.js';
import type { Timeline } from './timeline.js';

/** The names of a class's methods. */
export type MethodOf<T> = { [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] &
  string;

/** What the payload of a handler may be: decorators decide which of its parameters it is. */
export type PayloadOf<F> = F extends (...args: infer A extends never[]) => unknown
  ? A extends readonly []
    ? unknown
    : A[number]
  : unknown;

/**
 * The clock of twins: it moves by these alone, timer by timer, and what a timer sets off is settled before the next.
 */
export interface HarnessClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Moves by `ms`, with every timer on the way.
   *
   * @throws as {@link MultiBrokerHarness.settled} does, once the clock has moved all the way
   */
  advance(ms: number): Promise<void>;
  /** Moves to the next timer; false where none waits. @throws as {@link MultiBrokerHarness.settled} does */
  next(): Promise<boolean>;
}

/**
 * A test's hands and eyes: publishes, waits until everything that follows is done, and tells what came of it.
 *
 * ```ts
 * const harness = moduleRef.get(MultiBrokerHarness);
 * await harness.publish('orders', 'incoming', 'Hi!');
 * expect(harness.handler(Bridge, 'fromKafka')).toHaveBeenCalledWith('Hi!');
 * ```
 *
 * There is one for each compiled module, with records of its own. With `configure({ real: true })` the same test runs
 * on real brokers: everything is there but {@link clock}.
 */
export abstract class MultiBrokerHarness {
  /** The clock of twins. @throws MultiBrokerError MULTI_BROKER_REAL_BROKERS on real brokers */
  abstract readonly clock: HarnessClock;

  /**
   * Publishes as `Broker.publish` does, and ends as {@link settled} does. Where a scripted crash cuts it off, or
   * a fault delays it by the clock, it resolves with an empty receipt; a failure that comes later is told by
   * `settled()`. While the application is crashed it is the publish of somebody else: the twins keep it for the
   * {@link restart}, if their system keeps messages.
   *
   * @throws what the publish or a handler failed with; several as an AggregateError; MultiBrokerError
   * MULTI_BROKER_NOT_CONNECTED before `init()` of the application, as no handler reads yet
   */
  abstract publish(
    broker: string,
    destination: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt>;

  /**
   * Resolves when nothing moves by itself any more: no publish is under way, no handler runs, and every message is
   * settled or waits for a later time (see {@link pending}). It never moves the clock, and it is exact: nothing is
   * guessed from silence. On real brokers it waits for what this application's handlers have under way, their retries
   * in place included; a message that was not fetched yet is not known here: see {@link waitFor}.
   *
   * A failure is what a handler threw, what kept it from being called (a body that cannot be decoded or is not valid, a
   * guard's refusal), or a publish of its result that failed, unless a filter or a later attempt has made it good.
   * What is dropped is a failure, and so is what waits to come again.
   *
   * @throws every failure that was not told yet: one as itself, several as an AggregateError, with a timeline;
   * MultiBrokerError MULTI_BROKER_NOT_SETTLED after `settleTimeoutMs` of real time (real brokers: `timeoutMs`) or
   * 100,000 deliveries, naming what runs and what waits
   */
  abstract settled(): Promise<void>;

  /**
   * From now on until {@link reset}, `publish()`, `settled()` and the clock reject with no failure of a handler: they
   * add it to the list that this returns, the same one each time.
   */
  abstract expectFailures(): readonly Error[];

  /** What waits, and until when; what waits for no time comes last. */
  abstract pending(): readonly PendingItem[];

  /**
   * The calls of a handler: a mock function for `expect` of Jest and Vitest, one call for each attempt that reaches
   * it, with one argument, the decoded payload. An abstract class stands for the one class that extends it.
   *
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER
   */
  abstract handler<T, M extends MethodOf<T>>(type: AnyClass<T>, method: M): HandlerMock<PayloadOf<T[M]>>;

  /** What the broker has confirmed, whoever published it; of one destination, or of all. */
  abstract published(broker: string, destination?: string | Destination): readonly PublishedMessage[];

  /**
   * Every arrival of a message at a handler, in order of arrival, as it stands now: also of those that failed before
   * the handler was called, and of subscriptions by `broker.subscribe()`.
   *
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER, MULTI_BROKER_UNKNOWN_BROKER: the filter names what there is not
   */
  abstract deliveries(filter?: DeliveryFilter): readonly DeliveryRecord[];

  /** What happened, as a tree over all brokers; `toString()` makes it readable. */
  abstract timeline(): Timeline;

  /**
   * Resolves when the predicate gives something true; it is asked again and again, also when it throws. For real
   * brokers, where a message takes its time. It does not move the clock of twins.
   *
   * @param options `timeoutMs` of real time; default: the module's `timeoutMs`, on twins its `settleTimeoutMs`
   * @throws MultiBrokerError MULTI_BROKER_WAIT_TIMEOUT with a timeline
   */
  abstract waitFor(predicate: () => unknown, options?: { readonly timeoutMs?: number }): Promise<void>;

  /**
   * Scripts what goes wrong on a broker's twin.
   *
   * @throws MultiBrokerError MULTI_BROKER_REAL_BROKERS on real brokers; MULTI_BROKER_UNKNOWN_BROKER
   */
  abstract fault(broker: string): BrokerFault;

  /**
   * Starts the application's brokers again, after {@link BrokerFault.crashAt} or as if the process were killed now, and
   * ends as {@link settled} does. The same handlers are called; all records are kept. What was not settled comes again
   * as the kinds have it: Kafka reads on from the committed offset, JetStream after `ackWaitMs` of {@link clock}, core
   * NATS never. Hooks of the application are not called again; what it has subscribed to by `broker.subscribe()`,
   * outside of handlers, is made again in their place.
   *
   * @throws MultiBrokerError MULTI_BROKER_REAL_BROKERS on real brokers; BrokerStartError; as {@link settled}
   */
  abstract restart(): Promise<void>;

  /** Forgets calls, deliveries, failures and published messages. What is under way goes on, and the clock stays. */
  abstract reset(): void;
}

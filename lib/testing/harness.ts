import type { Type } from '@nestjs/common';
import type { Destination, PublishOptions, PublishReceipt } from '../driver/index.js';
import type { HandlerMock } from './handler-mock.js';
import type { PublishedMessage } from './published.js';

/** The names of a class's methods. */
export type MethodOf<T> = { [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] &
  string;

/** The clock of twins: it moves by these alone, timer by timer, and what a timer sets off is settled before the next. */
export interface HarnessClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects as {@link MultiBrokerHarness.settled} does. */
  advance(ms: number): Promise<void>;
  /** Moves to the next timer; false where none waits. */
  next(): Promise<boolean>;
}

/**
 * A test's hands and eyes: publishes, waits until everything that follows is done, and tells what came of it.
 * `moduleRef.get(MultiBrokerHarness)`.
 */
export abstract class MultiBrokerHarness {
  /** On real brokers it throws. */
  abstract readonly clock: HarnessClock;

  /**
   * Publishes as `Broker.publish` does, and ends as {@link settled} does.
   *
   * @throws what the publish or a handler failed with; several as an AggregateError
   */
  abstract publish(
    broker: string,
    destination: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt>;

  /**
   * Resolves when no handler runs, and every message is settled or waits for a later time. It never moves the clock.
   *
   * @throws the failure of a handler that no filter and no later attempt made good, each once; MULTI_BROKER_NOT_SETTLED
   */
  abstract settled(): Promise<void>;

  /** The calls of a handler: a mock function for `expect` of Jest and Vitest. @throws MULTI_BROKER_UNKNOWN_HANDLER */
  abstract handler<T>(type: Type<T>, method: MethodOf<T>): HandlerMock;

  /** What the broker has confirmed, whoever published it; of one destination, or of all. */
  abstract published(broker: string, destination?: string | Destination): readonly PublishedMessage[];

  /** Forgets calls, failures and published messages. */
  abstract reset(): void;
}

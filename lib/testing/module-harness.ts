import { Injectable, type Type } from '@nestjs/common';
import type { Destination, PublishOptions, PublishReceipt } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { ManagedMultiBroker } from '../lifecycle/index.js';
import type { HandlerMock } from './handler-mock.js';
import { type HarnessClock, type MethodOf, MultiBrokerHarness } from './harness.js';
import type { PublishedMessage } from './published.js';
import { untilStill } from './settling.js';
import { TestDrivers } from './test-drivers.js';

/** The harness of one compiled module. */
@Injectable()
export class ModuleHarness extends MultiBrokerHarness {
  constructor(
    private readonly brokers: ManagedMultiBroker,
    private readonly drivers: TestDrivers,
  ) {
    super();
  }

  get clock(): HarnessClock {
    if (this.drivers.options.real === true) throw new TypeError('On real brokers the clock cannot be moved');
    const { virtual } = this.drivers.testClock;
    return {
      now: () => virtual.now(),
      next: () => this.next(),
      advance: async (ms) => {
        const until = virtual.now() + ms;
        while (virtual.nextAt() <= until) await this.next();
        virtual.advance(until - virtual.now());
        await this.settled();
      },
    };
  }

  async publish(
    broker: string,
    destination: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt> {
    const receipt = await this.brokers.get(broker).publish(destination, payload, options);
    await this.settled();
    return receipt;
  }

  async settled(): Promise<void> {
    await untilStill(this.brokers, this.drivers);
    const failures = this.drivers.handlers.takeFailures();
    if (failures.length === 1) throw asError(failures[0]);
    if (failures.length > 1) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
  }

  handler<T>(type: Type<T>, method: MethodOf<T>): HandlerMock {
    return this.drivers.handlers.mock(type, method);
  }

  published(broker: string, destination?: string | Destination): readonly PublishedMessage[] {
    const { all } = this.drivers.published(this.brokers.get(broker).name);
    if (destination === undefined) return [...all];
    const address = this.drivers.definitions.get(broker)?.destination(destination).address;
    return all.filter((message) => message.destination === address);
  }

  reset(): void {
    this.drivers.reset();
  }

  private async next(): Promise<boolean> {
    const moved = this.drivers.testClock.virtual.next();
    await this.settled();
    return moved;
  }
}

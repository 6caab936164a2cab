import type { Broker, Destination, PublishOptions, PublishReceipt } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import type { BrokerFault } from '../twin/index.js';
import type { DeliveryFilter, DeliveryRecord } from './delivery-record.js';
import type { HandlerMock } from './handler-mock.js';
import type { AnyClass } from './handler-mocks.js';
import { type HarnessClock, type MethodOf, MultiBrokerHarness, type PayloadOf } from './harness.js';
import { SteppingClock } from './harness-clock.js';
import { LatePublishes, OwnPublish } from './own-publish.js';
import { type BusWaiting, pendingItems } from './pending.js';
import type { PendingItem } from './pending-item.js';
import type { PublishedMessage } from './published.js';
import { nextTurn } from './real-time.js';
import { isStill, untilStill } from './settling.js';
import { failureOf, notSettled } from './telling.js';
import type { TestDrivers } from './test-drivers.js';
import type { Timeline } from './timeline.js';
import { type Happenings, timelineOf } from './timeline-tree.js';
import { waitUntil } from './wait-for.js';

/** An error shows what began; of a hundred thousand messages the tree would take seconds. */
const MOST_IN_ERROR = 2_000;

/** The harness of one compiled module. */
export class ModuleHarness extends MultiBrokerHarness {
  private readonly late = new LatePublishes();

  constructor(private readonly drivers: TestDrivers) {
    super();
  }

  /** Without definitions in the application there are none. */
  private get brokers(): ManagedMultiBroker {
    const { serves } = this.drivers;
    if (serves !== undefined) return serves.multiBroker;
    throw new MultiBrokerError('MULTI_BROKER_NO_BROKER', 'The application imports no MultiBrokerModule.forRoot()');
  }

  get clock(): HarnessClock {
    if (this.drivers.isReal) throw new MultiBrokerError('MULTI_BROKER_REAL_BROKERS', 'harness.clock moves twins only');
    const { testClock } = this.drivers;
    return new SteppingClock(
      testClock,
      () => this.restOfClock(),
      async () => {
        await this.restOfClock();
        this.throwFailures();
      },
    );
  }

  async publish(
    broker: string,
    destination: string | Destination,
    payload: unknown,
    options?: PublishOptions,
  ): Promise<PublishReceipt> {
    const publish = this.publishingOn(broker);
    const own = new OwnPublish(publish(destination, payload, options), this.drivers.process.now);
    await this.overOrAtRest(own);
    await this.rest();
    if (!own.isOver) this.late.add(own);
    this.throwFailures(own.error);
    return own.receipt;
  }

  async settled(): Promise<void> {
    await this.rest();
    this.throwFailures();
  }

  expectFailures(): readonly Error[] {
    return this.drivers.deliveries.failures.expect();
  }

  pending(): readonly PendingItem[] {
    const { deliveries, waits, testClock, clock, isReal } = this.drivers;
    return pendingItems({
      now: clock.now(),
      limited: isReal ? [] : deliveries.limited,
      deliveries: [...deliveries.waiting, ...deliveries.open],
      brokers: this.brokers.waiting(),
      buses: this.busesWaiting(),
      writes: waits.writes,
      timers: isReal ? [] : testClock.virtual.pending(),
    });
  }

  handler<T, M extends MethodOf<T>>(type: AnyClass<T>, method: M): HandlerMock<PayloadOf<T[M]>> {
    return this.drivers.mocks.mock(type, method) as HandlerMock<PayloadOf<T[M]>>;
  }

  published(broker: string, destination?: string | Destination): readonly PublishedMessage[] {
    const all = this.drivers.published(this.brokers.get(broker).name).confirmed();
    if (destination === undefined) return all;
    const address = this.addressOf(broker, destination);
    return all.filter((message) => message.destination === address);
  }

  deliveries({ broker, handler, destination, outcome }: DeliveryFilter = {}): readonly DeliveryRecord[] {
    // What there is not has no deliveries either: a test for none would pass by a typo.
    if (handler !== undefined) this.drivers.mocks.checkName(handler);
    if (broker !== undefined) this.brokers.get(broker);
    const address =
      destination === undefined || broker === undefined ? destination : this.addressOf(broker, destination);
    return this.drivers.deliveries.all
      .filter((record) => broker === undefined || record.broker === broker)
      .filter((record) => handler === undefined || record.handler === handler)
      .filter((record) => address === undefined || record.incoming.address === address)
      .filter((record) => outcome === undefined || record.outcome === outcome)
      .map((record) => record.snapshot());
  }

  timeline(): Timeline {
    return timelineOf(this.happenings());
  }

  waitFor(predicate: () => unknown, { timeoutMs = this.drivers.patienceMs } = {}): Promise<void> {
    return waitUntil(predicate, timeoutMs, () => this.timelineForError());
  }

  fault(broker: string): BrokerFault {
    if (this.drivers.isReal)
      throw new MultiBrokerError('MULTI_BROKER_REAL_BROKERS', 'harness.fault scripts twins only');
    return this.drivers.faults(this.brokers.get(broker).name);
  }

  async restart(): Promise<void> {
    if (this.drivers.isReal) {
      throw new MultiBrokerError('MULTI_BROKER_REAL_BROKERS', 'harness.restart kills and starts twins only');
    }
    this.drivers.process.end(new Error('The process was killed by harness.restart()'));
    await this.brokers.kill();
    this.drivers.process.begin();
    await this.brokers.start();
    await this.settled();
  }

  reset(): void {
    this.late.clear();
    this.drivers.reset();
  }

  private busesWaiting(): readonly BusWaiting[] {
    return this.brokers.brokers.flatMap((broker) => {
      const waits = this.drivers.busWaits.of(broker.name);
      if (waits === undefined) return [];
      const { backAt } = this.drivers.faults(broker.name);
      return [{ broker: broker.name, isDown: broker.health().status === 'down', backAt, waits }];
    });
  }

  /** A handler that runs until its limit waits for the clock; where it was not known as such it is now. */
  private async restOfClock(): Promise<void> {
    try {
      await this.rest();
    } catch (thrown) {
      if (!isStill(this.brokers, this.drivers)) throw thrown;
    }
  }

  private async rest(): Promise<void> {
    const before = this.drivers.deliveries.count;
    if (await untilStill(this.brokers, this.drivers)) return;
    throw notSettled({
      patienceMs: this.drivers.patienceMs,
      deliveries: this.drivers.deliveries.count - before,
      running: this.drivers.deliveries.running,
      pending: this.pending(),
      timeline: this.timelineForError(),
    });
  }

  /** While the application is gone it is somebody else who publishes. */
  private publishingOn(name: string): Broker['publish'] {
    const broker = this.brokers.get(name);
    const { outsider, process, hooksBegan } = this.drivers;
    if (!hooksBegan) throw notInitialised(name);
    return process.isOver ? outsider.publish.bind(outsider, broker.name) : broker.publish.bind(broker);
  }

  /** Mostly it is over at once. What a fault delays waits for the clock. */
  private async overOrAtRest(own: OwnPublish): Promise<void> {
    await Promise.race([own.over, nextTurn()]);
    if (this.drivers.isReal || this.drivers.process.isOver) await own.over;
    if (!own.isOver) await Promise.race([own.over, this.rest()]);
  }

  private throwFailures(own?: Error): void {
    const failures = this.drivers.deliveries.failures.take();
    const others = [...(own === undefined ? [] : [own]), ...this.late.takeErrors()];
    if (failures.length + others.length > 0) throw failureOf(failures, others, this.timelineForError());
  }

  private timelineForError(): Timeline {
    return timelineOf(this.happenings(), MOST_IN_ERROR);
  }

  private happenings(): Happenings {
    return {
      published: [...this.drivers.allPublished()].flatMap(({ all }) => all),
      deliveries: this.drivers.deliveries.all,
      seed: this.drivers.seed,
      busOf: (broker) => this.drivers.busOf(broker),
    };
  }

  private addressOf(broker: string, destination: string | Destination): string | undefined {
    return this.drivers.definitions.get(broker)?.destination(destination).address;
  }
}

/** No handler reads yet: the publish would be at rest at once, as if all were well. */
function notInitialised(broker: string): MultiBrokerError {
  const what = 'harness.publish() was called before the application is initialised; await init() first';
  return new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker });
}

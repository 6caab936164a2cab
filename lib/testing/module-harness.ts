import { nextTurn } from '../async/index.js';
import type { Broker, Destination, PublishOptions, PublishReceipt } from '../driver/index.js';
import { errorOf, type MultiBrokerError, nearestName } from '../errors/index.js';
import type { ManagedMultiBroker } from '../lifecycle/index.js';
import type { BrokerFault } from '../twin/index.js';
import type { DeliveryFilter, DeliveryRecord } from './delivery-record.js';
import { failureOf, notSettled } from './failure-report.js';
import type { AnyClass, HandlerMock } from './handler-mocks.js';
import { SteppingClock } from './harness-clock.js';
import { HarnessPublish, LatePublishes } from './harness-publish.js';
import { type HarnessClock, type MethodOf, MultiBrokerHarness, type PayloadOf } from './harness.js';
import { isStill, untilStill } from './idle.js';
import { type BusWaiting, type PendingItem, pendingItems } from './pending.js';
import type { PublishedMessage } from './published-message.js';
import type { TestRuntime } from './test-runtime.js';
import { type Happenings, timelineOf } from './timeline-tree.js';
import type { Timeline } from './timeline.js';
import { waitUntil } from './wait-for.js';

/** Limit of the timeline in an error: the tree of a hundred thousand messages would take seconds. */
const MOST_IN_ERROR = 2_000;

/** The harness of one compiled module. */
export class ModuleHarness extends MultiBrokerHarness {
  private readonly late = new LatePublishes();

  constructor(private readonly drivers: TestRuntime) {
    super();
  }

  /** Absent if the application does not import `MultiBrokerModule.forRoot()`. */
  private get brokers(): ManagedMultiBroker {
    const { serves } = this.drivers;
    if (serves !== undefined) return serves.multiBroker as ManagedMultiBroker;
    throw errorOf('MULTI_BROKER_NO_BROKER.untested', {});
  }

  get clock(): HarnessClock {
    if (this.drivers.isReal) throw errorOf('MULTI_BROKER_REAL_BROKERS.clock', {});
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
    const own = new HarnessPublish(publish(destination, payload, options), this.drivers.process.signal);
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
    const found = all.filter((message) => message.destination === address);
    if (found.length === 0 && address !== undefined) this.checkDestination(broker, address, all);
    return found;
  }

  deliveries({ broker, handler, destination, outcome }: DeliveryFilter = {}): readonly DeliveryRecord[] {
    // With a mistyped name, an assertion that there are no deliveries would pass.
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
    if (this.drivers.isReal) throw errorOf('MULTI_BROKER_REAL_BROKERS.fault', {});
    return this.drivers.faults(this.brokers.get(broker).name);
  }

  async restart(): Promise<void> {
    if (this.drivers.isReal) throw errorOf('MULTI_BROKER_REAL_BROKERS.restart', {});
    this.drivers.process.kill(new Error('The process was killed by harness.restart()'));
    await this.brokers.kill();
    this.drivers.process.restart();
    await this.brokers.start();
    await this.settled();
  }

  reset(): void {
    this.late.clear();
    this.drivers.reset();
  }

  private busesWaiting(): readonly BusWaiting[] {
    return this.brokers.brokers.flatMap((broker) => {
      const waits = this.drivers.backlog.of(broker.name);
      if (waits === undefined) return [];
      const { backAt } = this.drivers.faults(broker.name);
      return [{ broker: broker.name, isDown: broker.health().status === 'down', backAt, waits }];
    });
  }

  /** Waits until idle. A handler that ran into the wait's limit now counts as waiting for the clock. */
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

  /** While the application is crashed, an external producer publishes. */
  private publishingOn(name: string): Broker['publish'] {
    const broker = this.brokers.get(name);
    const { outsider, process, hooksBegan } = this.drivers;
    if (!hooksBegan) throw notInitialised(name);
    return process.isDead ? outsider.publish.bind(outsider, broker.name) : broker.publish.bind(broker);
  }

  /** Usually the publish is over at once. If a fault delays it, it waits for the clock. */
  private async overOrAtRest(own: HarnessPublish): Promise<void> {
    await Promise.race([own.over, nextTurn()]);
    if (this.drivers.isReal || this.drivers.process.isDead) await own.over;
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

  /** If only decorators publish, other names are typos, and an assertion that nothing was published would pass. */
  private checkDestination(broker: string, address: string, all: readonly PublishedMessage[]): void {
    const { addresses } = this.brokers;
    if (addresses.publishesAnywhere || addresses.areFilled(broker)) return;
    const known = [...addresses.of(broker), ...all.map((message) => message.destination)];
    const near = known.includes(address) ? undefined : nearestName(address, known);
    if (near === undefined) return;
    throw errorOf('MULTI_BROKER_UNKNOWN_DESTINATION', { destination: address, broker, near });
  }

  private addressOf(broker: string, destination: string | Destination): string | undefined {
    return this.drivers.definitions.get(broker)?.destination(destination).address;
  }
}

/** Before `init()` no handler is subscribed: the publish would settle at once, as if all were well. */
function notInitialised(broker: string): MultiBrokerError {
  return errorOf('MULTI_BROKER_NOT_CONNECTED.harnessNotInitialised', {}, { broker });
}

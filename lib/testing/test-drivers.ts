import { AsyncLocalStorage } from 'node:async_hooks';
import { DeliveredMessage, type DeliveryContext } from '../delivery/index.js';
import {
  type BrokerDefinition,
  type Clock,
  type Driver,
  type Incoming,
  type Io,
  systemClock,
} from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import { DriverSource } from '../lifecycle/index.js';
import {
  BusWaits,
  Faults,
  FaultyDriver,
  type FaultyHost,
  IN_ORDER,
  ProcessLife,
  type Random,
  seeded,
  Turns,
  withBusWaits,
  withRandom,
  withTurns,
} from '../twin/index.js';
import { busOf, onBus } from './bus.js';
import { ClockWaits } from './clock-waits.js';
import { DeliveryRecords } from './delivery-records.js';
import { HandlerMocks } from './handler-mocks.js';
import type { HandlerCall } from './watched-handler.js';
import { PublishedMessages } from './published.js';
import { type Connecting, Outsider } from './outsider.js';
import { TestClock } from './test-clock.js';
import { SETTLE_TIMEOUT_MS, type TestingOptions, TIMEOUT_MS } from './testing-options.js';

/**
 * Where drivers come from in a test: twins on a clock that stands still, or the real ones; and what was seen of them.
 */
export class TestDrivers extends DriverSource {
  readonly turns: Turns;
  /** Of twins. */
  readonly testClock: TestClock;
  readonly #random: Random;
  readonly waits = new ClockWaits();
  /** Of twins, as their servers see it. */
  readonly busWaits = new BusWaits();
  /** Of all twins: they die together. */
  readonly process = new ProcessLife();
  readonly mocks = new HandlerMocks();
  override readonly observer: DeliveryRecords;
  override readonly clockStands: boolean;
  /** Of the brokers that were connected. */
  readonly definitions = new Map<string, BrokerDefinition>();
  readonly #faults = new Map<string, Faults>();
  readonly #ios = new Map<string, Io>();
  /** Publishes while the application cannot. */
  readonly outsider: Outsider;
  readonly #published = new Map<string, PublishedMessages>();
  readonly #handled = new AsyncLocalStorage<Handling>();
  /** Nest calls start-up hooks, or has: from here on the application may read. */
  hooksBegan = false;
  #happened = 0;

  constructor(readonly options: TestingOptions) {
    super();
    this.clockStands = !this.isReal;
    this.#random = options.seed === undefined ? IN_ORDER : seeded(options.seed);
    this.turns = new Turns(this.#random);
    this.testClock = new TestClock(this.turns);
    this.outsider = new Outsider({
      connectingOf: (broker) => this.#connectingOf(broker),
      open: async (definition) => this.published(definition.name).of(await definition.twin(), (io) => io),
    });
    const isOver = (): boolean => this.process.isOver;
    this.observer = new DeliveryRecords({ clock: this.clock, retriesAtOnce: !this.isReal, next: this.next, isOver });
  }

  get isReal(): boolean {
    return this.options.real === true;
  }

  /** What twins draw by; it has no say on real brokers. */
  get seed(): number | undefined {
    return this.isReal ? undefined : this.options.seed;
  }

  /** How long rest is waited for, in milliseconds of real time. */
  get patienceMs(): number {
    const { settleTimeoutMs = SETTLE_TIMEOUT_MS, timeoutMs = TIMEOUT_MS } = this.options;
    return this.isReal ? timeoutMs : settleTimeoutMs;
  }

  get clock(): Clock {
    return this.isReal ? systemClock : this.testClock;
  }

  get deliveries(): DeliveryRecords {
    return this.observer;
  }

  async open(definition: BrokerDefinition): Promise<Driver> {
    this.definitions.set(definition.name, definition);
    const published = this.published(definition.name);
    if (this.isReal) return published.of(await definition.driver(), (io) => io);
    return published.of(await this.#twin(definition), (io) => this.#ioOfTwin(io));
  }

  async #twin(definition: BrokerDefinition): Promise<Driver> {
    const { name: broker } = definition;
    const delayed: FaultyHost['delayed'] = (to, batch, dueAt) => {
      const item = { why: 'publish', broker, destination: to.address, messages: batch.length, dueAt } as const;
      return this.waits.write(item, batch);
    };
    return new FaultyDriver(await definition.twin(), { faults: this.faults(broker), process: this.process, delayed });
  }

  /** All twins deliver in the turns that are waited for, whatever their bus. */
  #ioOfTwin(io: Io): Io {
    const own = withTurns(onBus(io, busOf(io.broker, this.options)), this.turns);
    withBusWaits(withRandom(own, this.#random), this.busWaits);
    this.#ios.set(io.broker, own);
    return own;
  }

  #connectingOf(broker: string): Connecting | undefined {
    const [definition, io] = [this.definitions.get(broker), this.#ios.get(broker)];
    return definition && io && { definition, io };
  }

  /** The script of a broker's faults. */
  faults(broker: string): Faults {
    const known = this.#faults.get(broker) ?? new Faults();
    this.#faults.set(broker, known);
    return known;
  }

  published(broker: string): PublishedMessages {
    const known = this.#published.get(broker) ?? new PublishedMessages(broker, this.next, this.waits);
    this.#published.set(broker, known);
    return known;
  }

  allPublished(): Iterable<PublishedMessages> {
    return this.#published.values();
  }

  /** What brokers that hear each other have in common, as far as a test can know it. */
  busOf(broker: string): string {
    const kind = this.definitions.get(broker)?.kind;
    return JSON.stringify([kind, this.isReal ? '' : busOf(broker, this.options)]);
  }

  override watch(declaration: HandlerDeclaration): HandlerDeclaration {
    const watched = this.mocks.watch(declaration);
    return {
      ...declaration,
      call: (context) => {
        const life = this.process.now;
        if (life.aborted) throw dead(life);
        const handling: Handling = { incoming: incomingOf(context), life, call: watched.begin(context) };
        return this.#handled.run(handling, () => watched.run(context, handling.call));
      },
    };
  }

  override methodCalled(): void {
    this.#handled.getStore()?.call.reached();
  }

  /** What still runs of a process that has died gets nothing out, not even after a restart. */
  override handling(): Incoming | undefined {
    const handling = this.#handled.getStore();
    if (handling?.life.aborted === true) throw dead(handling.life);
    return handling?.incoming;
  }

  override onModuleInit(): void {
    this.hooksBegan = true;
    super.onModuleInit();
  }

  override async stopping(): Promise<void> {
    this.testClock.release(this.options.settleTimeoutMs ?? SETTLE_TIMEOUT_MS);
    await this.outsider.close();
  }

  /**
   * From then on no promise of the process is followed for this module: that costs all of them, those of later tests
   * too.
   */
  override async onApplicationShutdown(): Promise<void> {
    await super.onApplicationShutdown();
    this.#handled.disable();
  }

  reset(): void {
    this.mocks.reset();
    this.observer.reset();
    for (const published of this.#published.values()) published.all = [];
  }

  private readonly next = (): number => ++this.#happened;
}

/** The call of a handler that goes on. */
interface Handling {
  readonly incoming: Incoming | undefined;
  readonly life: AbortSignal;
  readonly call: HandlerCall;
}

function dead(life: AbortSignal): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_STOPPED', (life.reason as Error).message);
}

function incomingOf({ message }: DeliveryContext): Incoming | undefined {
  return message instanceof DeliveredMessage ? message.incoming : undefined;
}

import { abandon, type Clock, systemClock } from '../async/index.js';
import {
  DeliveredMessage,
  type DeliveryContext,
  followHandled,
  handledNow,
  observeDeliveries,
} from '../delivery/index.js';
import type { BrokerDefinition, Driver, DriverContext, Incoming } from '../driver/index.js';
import { errorOf, type MultiBrokerError } from '../errors/index.js';
import { calledBy, type HandlerDeclaration } from '../handlers/index.js';
import { BrokerRuntime, type ServedApplication } from '../lifecycle/index.js';
import {
  Backlog,
  DeliveryTurns,
  Faults,
  FaultyDriver,
  type FaultyHost,
  IN_ORDER,
  type Random,
  seeded,
  SimulatedProcess,
  withBacklog,
  withRandom,
  withTurns,
} from '../twin/index.js';
import { ClockWaits } from './clock-waits.js';
import { DeliveryLog } from './delivery-log.js';
import { type HandlerCall, HandlerMocks } from './handler-mocks.js';
import { TestClock } from './harness-clock.js';
import { type Connecting, ExternalProducer } from './harness-publish.js';
import { PublishedMessages } from './published-messages.js';
import { SETTLE_TIMEOUT_MS, type TestingOptions, TIMEOUT_MS } from './testing-options.js';

/**
 * Source of drivers in a test: twins on a clock that stands still, or the real drivers; and the records of their use.
 */
export class TestRuntime extends BrokerRuntime {
  readonly turns: DeliveryTurns;
  /** Clock of the twins. */
  readonly testClock: TestClock;
  private readonly random: Random;
  readonly waits = new ClockWaits();
  /** Messages waiting on the buses of the twins. */
  readonly backlog = new Backlog();
  /** The simulated process of all twins, which crash together. */
  readonly process = new SimulatedProcess();
  readonly mocks = new HandlerMocks();
  readonly deliveries: DeliveryLog;
  override readonly retriesAtOnce: boolean;
  private stopObserving: (() => void) | undefined;
  override readonly clockStands: boolean;
  /** Definitions of the brokers that were connected. */
  readonly definitions = new Map<string, BrokerDefinition>();
  private readonly faultsByBroker = new Map<string, Faults>();
  private readonly contexts = new Map<string, DriverContext>();
  /** Publishes while the application has crashed. */
  readonly outsider: ExternalProducer;
  private readonly publishedByBroker = new Map<string, PublishedMessages>();
  /** Whether Nest has started to call start-up hooks: from then on the application may subscribe. */
  hooksBegan = false;
  private happened = 0;

  constructor(readonly options: TestingOptions) {
    super();
    this.clockStands = !this.isReal;
    this.random = options.seed === undefined ? IN_ORDER : seeded(options.seed);
    this.turns = new DeliveryTurns(this.random);
    this.testClock = new TestClock(this.turns);
    this.outsider = new ExternalProducer({
      connectingOf: (broker) => this.connectingOf(broker),
      open: async (definition) => this.published(definition.name).of(await definition.twin(), (context) => context),
    });
    const isOver = (): boolean => this.process.isDead;
    this.retriesAtOnce = !this.isReal;
    this.deliveries = new DeliveryLog({ clock: this.clock, next: this.next, isOver });
  }

  /** Nest may make one that is never used, which then must not count as an application that publishes. */
  override serve(application: ServedApplication): void {
    super.serve(application);
    this.stopObserving = observeDeliveries(this, this.deliveries);
    followHandled(this);
  }

  get isReal(): boolean {
    return this.options.real === true;
  }

  /** Seed of the twins; not used on real brokers. */
  get seed(): number | undefined {
    return this.isReal ? undefined : this.options.seed;
  }

  /** How long to wait until everything is idle, in milliseconds of real time. */
  get patienceMs(): number {
    const { settleTimeoutMs = SETTLE_TIMEOUT_MS, timeoutMs = TIMEOUT_MS } = this.options;
    return this.isReal ? timeoutMs : settleTimeoutMs;
  }

  get clock(): Clock {
    return this.isReal ? systemClock : this.testClock;
  }

  async open(definition: BrokerDefinition): Promise<Driver> {
    this.definitions.set(definition.name, definition);
    const published = this.published(definition.name);
    if (this.isReal) return published.of(await definition.driver(), (context) => context);
    return published.of(await this.twin(definition), (context) => this.contextOfTwin(context));
  }

  private async twin(definition: BrokerDefinition): Promise<Driver> {
    const { name: broker } = definition;
    const delayed: FaultyHost['delayed'] = (to, batch, dueAt) => {
      const item = { why: 'publish', broker, destination: to.address, messages: batch.length, dueAt } as const;
      return this.waits.write(item, batch);
    };
    return new FaultyDriver(await definition.twin(), { faults: this.faults(broker), process: this.process, delayed });
  }

  /** All twins, on every bus, deliver in the turns that the harness waits for. */
  private contextOfTwin(context: DriverContext): DriverContext {
    const own = withTurns(onBus(context, busOf(context.broker, this.options)), this.turns);
    withBacklog(withRandom(own, this.random), this.backlog);
    this.contexts.set(context.broker, own);
    return own;
  }

  private connectingOf(broker: string): Connecting | undefined {
    const [definition, context] = [this.definitions.get(broker), this.contexts.get(broker)];
    return definition && context && { definition, context };
  }

  /** The scripted faults of a broker. */
  faults(broker: string): Faults {
    const known = this.faultsByBroker.get(broker) ?? new Faults();
    this.faultsByBroker.set(broker, known);
    return known;
  }

  published(broker: string): PublishedMessages {
    const known = this.publishedByBroker.get(broker) ?? new PublishedMessages(broker, this.next, this.waits);
    this.publishedByBroker.set(broker, known);
    return known;
  }

  allPublished(): Iterable<PublishedMessages> {
    return this.publishedByBroker.values();
  }

  /** Key that brokers which share messages have in common, as far as a test can know. */
  busOf(broker: string): string {
    const kind = this.definitions.get(broker)?.kind;
    return JSON.stringify([kind, this.isReal ? '' : busOf(broker, this.options)]);
  }

  override watch(declaration: HandlerDeclaration): HandlerDeclaration {
    const watched = this.mocks.watch(declaration);
    return calledBy(declaration, (context) => {
      const life = this.process.signal;
      if (life.aborted) throw dead(life);
      const handling = new Handling(this, incomingOf(context), life, watched.begin(context));
      const attempt = handledNow();
      if (attempt !== undefined) attempt.observed = handling;
      return watched.run(context, handling.call);
    });
  }

  override methodCalled(): void {
    this.handlingNow()?.call.reached();
  }

  /** Work still running from a crashed process cannot publish, not even after a restart. */
  override handling(): Incoming | undefined {
    const handling = this.handlingNow();
    if (handling?.life.aborted === true) throw dead(handling.life);
    return handling?.incoming;
  }

  private handlingNow(): Handling | undefined {
    const observed = handledNow()?.observed;
    return observed instanceof Handling && observed.by === this ? observed : undefined;
  }

  override onModuleInit(): void {
    this.hooksBegan = true;
    super.onModuleInit();
  }

  override async stopping(): Promise<void> {
    this.testClock.release(this.options.settleTimeoutMs ?? SETTLE_TIMEOUT_MS);
    await this.outsider.close();
  }

  override async onApplicationShutdown(): Promise<void> {
    await super.onApplicationShutdown();
    this.stopObserving?.();
  }

  reset(): void {
    this.mocks.reset();
    this.deliveries.reset();
    for (const published of this.publishedByBroker.values()) published.all = [];
  }

  private readonly next = (): number => ++this.happened;
}

/** A handler call in progress. */
class Handling {
  constructor(
    readonly by: TestRuntime,
    readonly incoming: Incoming | undefined,
    readonly life: AbortSignal,
    readonly call: HandlerCall,
  ) {}
}

function dead(life: AbortSignal): MultiBrokerError {
  return errorOf('MULTI_BROKER_STOPPED.killed', { reason: (life.reason as Error).message });
}

function incomingOf({ message }: DeliveryContext): Incoming | undefined {
  return message instanceof DeliveredMessage ? message.incoming : undefined;
}

/** Name of the bus of a broker's twin, within its kind. */
function busOf(broker: string, { bus = 'by-kind' }: TestingOptions): string {
  if (bus === 'by-kind') return '';
  if (bus === 'by-broker') return broker;
  const name: unknown = bus(broker);
  if (typeof name !== 'object') return name as string;
  // As a name every object is the same, so that brokers would share a bus that were to have one each.
  abandon(name);
  const params = { option: 'bus', expected: 'a function that returns a text', value: 'one that returns an object' };
  throw errorOf('MULTI_BROKER_OPTION_INVALID.mustBe', params, { broker });
}

/** The same context, with shared objects of one bus only. */
function onBus(context: DriverContext, bus: string): DriverContext {
  const prefix = JSON.stringify(bus);
  return { ...context, shared: (key, make) => context.shared(`${prefix} ${key}`, make) };
}

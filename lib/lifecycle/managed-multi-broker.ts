import { followHandled, type NextTry, PublishHooks, sourceIssues, type WaitingLane } from '../delivery/index.js';
import {
  type Broker,
  type BrokerDefinition,
  type Log,
  MultiBroker,
  type MultiBrokerHealth,
  type PublishHook,
} from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import type { BrokerHost } from './broker-host.js';
import { BrokerRegistry } from './broker-registry.js';
import { Demands } from './demands.js';
import type { DriverSource } from './driver-source.js';
import { healthOfAll } from './health.js';
import { Lifecycle } from './lifecycle.js';
import type { ManagedBroker } from './managed-broker.js';
import { moduleOptionProblems, type ResolvedOptions, resolveOptions } from './module-options.js';
import { disconnectAll } from './stop-phases.js';
import { stopped } from './stopped.js';
import { type HeldSource, WaitingRoom } from './waiting-room.js';
import { type Admitted, WiredHandlers } from './wired-handlers.js';

/** What waits on one broker. */
export interface BrokerWaiting {
  readonly broker: string;
  readonly lanes: readonly WaitingLane[];
  readonly tries: readonly NextTry[];
  /** Sources of it that are not read, as what they publish to is not up. */
  readonly held: readonly HeldSource[];
}

/** All brokers of one Nest application. The module fills it; one start and one stop serve them all. */
export class ManagedMultiBroker extends MultiBroker {
  private readonly registry: BrokerRegistry;
  private readonly hooks = new PublishHooks();
  private readonly handlers = new WiredHandlers();
  private readonly demands: Demands;
  private readonly room: WaitingRoom;
  private readonly life: Lifecycle;
  private options: ResolvedOptions = resolveOptions();

  constructor(
    private readonly drivers: DriverSource,
    private readonly log: Log,
  ) {
    super();
    const { clock, clockStands } = drivers;
    this.registry = new BrokerRegistry(this.host());
    this.demands = new Demands(clock, () => this.options.startTimeoutMs);
    this.room = new WaitingRoom(this.registry.known, clock, log);
    const { registry, handlers, room: waiting, demands } = this;
    const options = (): ResolvedOptions => this.options;
    const check = (): void => {
      this.check();
    };
    this.life = new Lifecycle({ registry, handlers, waiting, demands, clock, clockStands, log, options, check });
  }

  get brokers(): readonly Broker[] {
    followHandled();
    return this.registry.all();
  }

  get default(): Broker {
    followHandled();
    return this.lookUp(this.options.default);
  }

  get(name: string): Broker {
    followHandled();
    return this.lookUp(name);
  }

  /** The same for who does not publish by it; without a name the default. */
  lookUp(name: string | undefined): Broker {
    return this.registry.default(name);
  }

  onPublish(hook: PublishHook): () => void {
    return this.hooks.add(hook);
  }

  /** The root's option; undefined where it says nothing. */
  get globalEnhancers(): boolean | undefined {
    return this.options.globalEnhancers;
  }

  /** The root's options. */
  configure(options: ResolvedOptions): void {
    this.options = options;
    for (const problem of moduleOptionProblems(options)) this.problem(problem);
  }

  /**
   * A broker of the module's definitions. A second one of the name becomes a wiring problem.
   *
   * @throws MultiBrokerError MULTI_BROKER_LATE_BROKER after the start, in a module that is loaded lazily: nobody would
   *   connect it or look for its handlers.
   */
  register(definition: BrokerDefinition): void {
    if (this.life.isBegun) throw late(definition, 'is defined in a module that was loaded after the start');
    try {
      this.registry.add(definition);
    } catch (thrown) {
      this.problem(thrown as MultiBrokerError);
    }
  }

  /** What is wrong with a class that injects a broker of this name, if anything. */
  injectionProblem(name: string, by: string): MultiBrokerError | undefined {
    return this.registry.known.has(name) ? undefined : this.registry.notInjected(name, by);
  }

  /** A mistake that the module found; told with all others. */
  problem(error: MultiBrokerError): void {
    this.handlers.problem(error);
  }

  /** Who knows the handlers; asked whenever the wiring is checked. */
  explore(find: () => readonly HandlerDeclaration[]): void {
    this.handlers.explore(() => find().map((declaration) => this.drivers.watch(declaration)));
  }

  /** Finds and checks all handlers, once. @throws WiringError */
  check(): void {
    const name = this.options.default;
    const others = name === undefined || this.registry.known.has(name) ? [] : [this.registry.unknown(name)];
    this.handlers.check(this.registry.definitions(), this.options, others);
  }

  async add(definition: BrokerDefinition): Promise<Broker> {
    this.refuseStopping();
    if (this.life.isBegun && !this.options.allowLateBrokers && !this.registry.known.has(definition.name)) {
      throw late(definition, 'was added after the start');
    }
    if (this.life.isStarting) await this.afterStart();
    followHandled();
    const broker = this.registry.add(definition);
    if (this.life.isStarted) await this.beginLate(broker);
    else this.handlers.forget();
    return broker;
  }

  start(): Promise<void> {
    return this.life.start();
  }

  /** Phases 1 to 3 of a stop: afterwards publishes still work, so that others may finish what they do. */
  drain(): Promise<void> {
    return this.life.drain();
  }

  /** Phase 4 of a stop, after the others. */
  disconnect(): Promise<void> {
    return this.life.disconnect();
  }

  /** The same for good, as the application is closed. */
  end(): Promise<void> {
    return this.life.end();
  }

  stop(): Promise<void> {
    return this.life.disconnect();
  }

  /** As if the process were gone; a start may follow. For tests: with connections that give nothing back. */
  kill(): Promise<void> {
    return this.life.kill();
  }

  health(): MultiBrokerHealth {
    return healthOfAll(this.registry.all());
  }

  /** Whether a publish or a delivery is under way anywhere. */
  get busy(): boolean {
    return this.registry.all().some(({ busy }) => busy);
  }

  /** What goes on by itself anywhere: 0 where all that is left waits for the clock or for somebody to settle it. */
  get moving(): number {
    return this.registry.all().reduce((sum, { moving }) => sum + moving, 0);
  }

  /** What waits on each broker: messages for their handler, publishes for their next try, sources for a target. */
  waiting(): readonly BrokerWaiting[] {
    return this.registry.all().map(({ name, readings, outbox }) => {
      return { broker: name, lanes: readings.waiting(), tries: outbox.nextTries(), held: this.room.heldOf(name) };
    });
  }

  private issuesOf(source: string): readonly string[] {
    const publishes = this.registry.all().flatMap(({ name, outbox }) => sourceIssues(source, name, outbox.backlogs()));
    return [...this.room.issuesOf(source), ...publishes];
  }

  private refuseStopping(): void {
    if (this.life.isStopping) throw stopped();
  }

  /** A start that is under way would begin the handlers of a late broker a second time. */
  private async afterStart(): Promise<void> {
    await this.life.startOver();
    this.refuseStopping();
  }

  /** A broker that comes after the start: connects, then its handlers and those that waited for it begin. */
  private async beginLate(broker: ManagedBroker): Promise<void> {
    let admitted: Admitted | undefined;
    try {
      admitted = this.handlers.admit(this.registry.definitions(), this.options);
      await this.demands.run((signal) => broker.connection.connect(signal));
      this.refuseStopping();
      await this.room.begin(admitted.bindings);
    } catch (thrown) {
      await this.takeBack(broker, admitted);
      throw asError(thrown);
    }
  }

  private async takeBack(broker: ManagedBroker, admitted: Admitted | undefined): Promise<void> {
    admitted?.undo();
    await Promise.all(this.registry.all().map(({ readings }) => readings.leaveAll(admitted?.bindings ?? [])));
    this.registry.remove(broker);
    await disconnectAll([broker], this.life.stopDeadline);
  }

  private async onDemand<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.life.isDisconnected) throw stopped();
    this.check();
    return this.demands.run(act);
  }

  private host(): BrokerHost {
    const shared = new Map<string, unknown>();
    return {
      drivers: this.drivers,
      io: { clock: this.drivers.clock, log: this.log, shared: (key, make) => once(shared, key, make) },
      inMemory: () => this.options.inMemory,
      maxHops: () => this.options.maxHops,
      onDemand: (act) => this.onDemand(act),
      refuseReading: () => {
        if (this.life.isStopping || this.life.isDisconnected) throw stopped();
      },
      stopDeadline: (share) => this.life.stopDeadline(share),
      claims: () => this.handlers.claims,
      isStarting: () => this.life.isStarting,
      issuesOf: (name) => this.issuesOf(name),
      hooks: this.hooks,
      outlet: (name) => this.registry.known.get(name)?.outlet,
      cameUp: () => {
        if (this.life.isStarted) this.room.look();
      },
    };
  }
}

function late({ name }: BrokerDefinition, why: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_LATE_BROKER', `Broker '${name}' ${why}`, { broker: name });
}

function once<T>(values: Map<string, unknown>, key: string, make: () => T): T {
  if (!values.has(key)) values.set(key, make());
  return values.get(key) as T;
}

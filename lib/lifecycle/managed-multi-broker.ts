import { type Binding, followHandled, handlersOf, PublishHooks, sourceIssues } from '../delivery/index.js';
import {
  type Broker,
  type BrokerDefinition,
  type DeadLetter,
  type DeadLetterPlace,
  type DeadLettersOptions,
  type HandlerClass,
  type HandlerHandle,
  type Logger,
  MultiBroker,
  type MultiBrokerHealth,
  type PublishHook,
  type RedriveOptions,
  type RedriveResult,
  type Topology,
} from '../driver/index.js';
import { errorOf, type MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import { BrokerRegistry } from './broker-registry.js';
import { type BrokerWaiting, waitingOf } from './broker-waiting.js';
import { HandlerAddresses } from './handler-addresses.js';
import { HandlerHandles } from './handler-handles.js';
import { healthOfAll } from './health.js';
import { type Instrumentation, Instrumented, ioOf } from './instrumentation.js';
import { LagReadings } from './lag-readings.js';
import { LateBrokers } from './late-brokers.js';
import { Lifecycle } from './lifecycle.js';
import type { ManagedBroker } from './managed-broker.js';
import { moduleOptionProblems, type ResolvedOptions, resolveOptions } from './module-options.js';
import { OnDemandOperations } from './on-demand.js';
import { PageAccess } from './page-access.js';
import { PendingBindings } from './pending-bindings.js';
import { observeAll, type Observers } from './observe-all.js';
import { Redrives } from './redrive/redrives.js';
import type { BrokerHost, BrokerRuntime } from './runtime.js';
import { topologyOf } from './topology.js';
import { WiredHandlers } from './wired-handlers.js';

/** All brokers of one Nest application, registered by the module and started and stopped together. */
export class ManagedMultiBroker extends MultiBroker {
  /** For probes and scrapes. */
  readonly lags: LagReadings;
  readonly page: PageAccess;
  readonly addresses: HandlerAddresses;
  private readonly registry: BrokerRegistry;
  private readonly hooks = new PublishHooks();
  private readonly wired = new WiredHandlers();
  private readonly handles: HandlerHandles;
  private readonly operations: OnDemandOperations;
  private readonly pending: PendingBindings;
  private readonly lifecycle: Lifecycle;
  private readonly late: LateBrokers;
  private readonly redrives: Redrives;
  private options: ResolvedOptions = resolveOptions();
  private readonly instrumented: Instrumented;

  constructor(
    private readonly drivers: BrokerRuntime,
    private readonly log: Logger,
  ) {
    super();
    const { clock, clockStands } = drivers;
    this.lags = new LagReadings(clock);
    this.instrumented = new Instrumented(drivers);
    this.registry = new BrokerRegistry(this.host());
    this.operations = new OnDemandOperations(clock, () => this.options.startTimeoutMs);
    this.pending = new PendingBindings(this.registry.known, clock, log);
    const { registry, wired: handlers, pending, operations } = this;
    this.addresses = new HandlerAddresses(registry, handlers);
    this.page = new PageAccess({
      clock,
      definition: (name) => registry.known.get(name)?.definition,
      isOver: () => this.lifecycle.isStopping || this.lifecycle.isDisconnected,
    });
    const options = (): ResolvedOptions => this.options;
    const check = (): void => this.check();
    const process = {
      hold: (): void => drivers.holdProcess?.(this.options.inMemory),
      release: (): void => drivers.releaseProcess?.(),
    };
    this.handles = new HandlerHandles({
      claims: () => this.claims(),
      broker: (name) => registry.known.get(name),
      clock,
      isBegun: () => this.lifecycle.isBegun,
    });
    this.redrives = new Redrives(
      { clock, broker: (name) => registry.known.get(name), bindings: () => this.allBindings() },
      (name) => this.redriving(name),
    );
    this.lifecycle = new Lifecycle({
      registry,
      handlers,
      pending,
      operations,
      clock,
      clockStands,
      log,
      process,
      options,
      check,
    });
    this.late = new LateBrokers({ registry, handlers, pending, operations, lifecycle: this.lifecycle, options });
  }

  get brokers(): readonly Broker[] {
    this.followHandled();
    return this.registry.all();
  }

  get default(): Broker {
    this.followHandled();
    return this.lookUp(this.options.default);
  }

  get(name: string): Broker {
    this.followHandled();
    return this.lookUp(name);
  }

  /** Code of the application may publish by a broker: messages whose handlers publish are known from now on. */
  followHandled(): void {
    followHandled(this.drivers);
  }

  /** Like {@link get}, for callers that do not publish through it; without a name, the default broker. */
  lookUp(name: string | undefined): Broker {
    return this.registry.default(name);
  }

  onPublish(hook: PublishHook): () => void {
    return this.hooks.add(hook);
  }

  /**
   * From now on telemetry observes all deliveries and publishes, until the application has ended. Called before anything
   * connects, as drivers then use their clients without instrumentations. False: there is one already.
   */
  instrument(by: Instrumentation): boolean {
    return this.instrumented.begin(by);
  }

  /** Undefined where there is no such broker or its server is not known. */
  readonly serverOf = (name: string): ManagedBroker['server'] => this.registry.known.get(name)?.server;

  /** Tells what the application does until the returned function is called. The caller keeps the observers. */
  observe(by: Observers): () => void {
    return observeAll(this.drivers, by);
  }

  get handlers(): readonly HandlerHandle[] {
    return this.handles.all();
  }

  handler<T>(type: HandlerClass<T>, method: keyof T & string, broker?: string): HandlerHandle {
    return this.handles.of(type, method, broker);
  }

  topology(): Topology {
    this.check();
    const definitions = this.registry.definitions();
    const waiting = this.wired.waitingFor(definitions);
    return topologyOf({ definitions, claims: this.wired.claims, waiting, idOf: (one) => this.handles.idOf(one) });
  }

  deadLetters(from: DeadLetterPlace, options: DeadLettersOptions = {}): AsyncIterable<DeadLetter> {
    return this.redrives.look(from, options);
  }

  redrive(from: DeadLetterPlace, options: RedriveOptions = {}): Promise<RedriveResult> {
    return this.redrives.redrive(from, options);
  }

  /** The option of `forRoot()`; undefined if it is not set. */
  get globalEnhancers(): boolean | undefined {
    return this.options.globalEnhancers;
  }

  /** Sets the options of `forRoot()`. */
  configure(options: ResolvedOptions): void {
    this.options = options;
    for (const problem of moduleOptionProblems(options)) this.problem(problem);
  }

  /**
   * Adds a broker of the module's definitions. A duplicate name is recorded as a wiring problem.
   *
   * @throws MultiBrokerError MULTI_BROKER_LATE_BROKER after the start, in a lazily loaded module: the broker would
   *   not be connected, nor its handlers be found.
   */
  register(definition: BrokerDefinition): void {
    if (this.lifecycle.isBegun) throw errorOf('MULTI_BROKER_LATE_BROKER.lazyModule', { broker: definition.name });
    try {
      this.registry.add(definition);
    } catch (thrown) {
      this.problem(thrown as MultiBrokerError);
    }
  }

  /** The problem of a class that injects a broker of this name, if it does not exist. */
  injectionProblem(name: string, by: string): MultiBrokerError | undefined {
    return this.registry.known.has(name) ? undefined : this.registry.notInjected(name, by);
  }

  /** Records a problem that the module found, to be reported with all others. */
  problem(error: MultiBrokerError): void {
    this.wired.problem(error);
  }

  /** Sets the function that finds the handlers; it is called whenever the wiring is checked. */
  explore(find: () => readonly HandlerDeclaration[]): void {
    this.wired.explore(() => find().map((declaration) => this.drivers.watch(declaration)));
  }

  /** Finds and checks all handlers, once. @throws WiringError */
  check(): void {
    const name = this.options.default;
    const others = name === undefined || this.registry.known.has(name) ? [] : [this.registry.unknown(name)];
    this.wired.check(this.registry.definitions(), this.options, others);
  }

  add(definition: BrokerDefinition): Promise<Broker> {
    this.followHandled();
    return this.late.add(definition);
  }

  start(): Promise<void> {
    return this.lifecycle.start();
  }

  /** Phases 1 to 3 of a stop. Publishing still works afterwards, so that other modules can finish their work. */
  async drain(): Promise<void> {
    await Promise.all([this.stopRedrives(), this.lifecycle.drain()]);
    this.page.drained();
  }

  /** Phase 4 of a stop: ends the connections. */
  disconnect(): Promise<void> {
    return this.lifecycle.disconnect();
  }

  /** Ends the connections for good, as the application closes. */
  async end(): Promise<void> {
    await this.stopRedrives();
    await this.lifecycle.end();
    this.instrumented.end();
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.lifecycle.disconnect();
  }

  /** Simulates a killed process, for tests whose connections hand nothing back. It can be started again. */
  kill(): Promise<void> {
    this.redrives.abort();
    return this.lifecycle.kill();
  }

  health(): MultiBrokerHealth {
    return healthOfAll(this.registry.all());
  }

  /** Whether any broker has a publish or a delivery under way. */
  get busy(): boolean {
    return this.registry.all().some(({ busy }) => busy);
  }

  /** Number of operations in progress; 0 if all remaining work waits for the clock or for a manual settlement. */
  get moving(): number {
    return this.registry.all().reduce((sum, { moving }) => sum + moving, 0);
  }

  /** Pending work of each broker: messages, publishes to be retried, and sources that wait for a target. */
  waiting(): readonly BrokerWaiting[] {
    return waitingOf(this.registry.all(), this.pending);
  }

  private claims(): readonly Binding[] {
    this.check();
    return this.wired.claims;
  }

  private allBindings(): readonly Binding[] {
    const all = [...this.claims(), ...this.registry.all().flatMap(({ activeSources }) => activeSources.bindings)];
    return all.flatMap((binding) => (binding.takers === undefined ? [binding] : [binding, ...handlersOf(binding)]));
  }

  private async stopRedrives(): Promise<void> {
    if (!this.redrives.any) return;
    const deadline = this.lifecycle.stopDeadline(0.7);
    await deadline.within(this.redrives.stop());
    deadline.clear();
  }

  private redriving(name: string): ManagedBroker {
    if (this.lifecycle.isStopping || this.lifecycle.isDisconnected) throw this.lifecycle.refusal();
    this.check();
    return this.registry.get(name);
  }

  private issuesOf(source: string): readonly string[] {
    const publishes = this.registry.all().flatMap(({ name, outbox }) => sourceIssues(source, name, outbox.backlogs()));
    return [...this.pending.issuesOf(source), ...publishes];
  }

  private async onDemand<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.lifecycle.isDisconnected) throw this.lifecycle.refusal();
    this.check();
    return this.operations.run(act);
  }

  private host(): BrokerHost {
    const { drivers, log, instrumented } = this;
    return {
      drivers,
      io: ioOf({ clock: drivers.clock, log, instrumented }),
      inMemory: () => this.options.inMemory,
      maxHops: () => this.options.maxHops,
      onDemand: (act) => this.onDemand(act),
      refuseReading: () => {
        if (this.lifecycle.isStopping || this.lifecycle.isDisconnected) throw this.lifecycle.refusal();
      },
      stopDeadline: (share) => this.lifecycle.stopDeadline(share),
      claims: () => this.wired.claims,
      isStarting: () => this.lifecycle.isStarting,
      issuesOf: (name) => this.issuesOf(name),
      hooks: this.hooks,
      outlet: (name) => this.registry.known.get(name)?.outlet,
      cameUp: () => {
        if (this.lifecycle.isStarted) this.pending.startReady();
      },
    };
  }
}

import { type Broker, type BrokerDefinition, type Log, MultiBroker, type MultiBrokerHealth } from '../driver/index.js';
import { asError, MultiBrokerError } from '../errors/index.js';
import type { HandlerDeclaration } from '../handlers/index.js';
import type { BrokerHost } from './broker-host.js';
import { BrokerRegistry } from './broker-registry.js';
import { Deadline } from './deadline.js';
import { Demands } from './demands.js';
import type { DriverSource } from './driver-source.js';
import { Grace } from './grace.js';
import { healthOfAll } from './health.js';
import type { ManagedBroker } from './managed-broker.js';
import { type ResolvedOptions, resolveOptions } from './module-options.js';
import { connectAll, readAll, tellStarted } from './start-phases.js';
import { disconnectAll, drainAll } from './stop-phases.js';
import { stopped } from './stopped.js';
import { WaitingRoom } from './waiting-room.js';
import { type Admitted, WiredHandlers } from './wired-handlers.js';

type Phase = 'new' | 'starting' | 'started' | 'draining' | 'drained' | 'disconnecting' | 'stopped';

/** All brokers of one Nest application. The module fills it; one start and one stop serve them all. */
export class ManagedMultiBroker extends MultiBroker {
  private readonly registry: BrokerRegistry;
  private readonly handlers = new WiredHandlers();
  private readonly demands: Demands;
  private readonly waiting: WaitingRoom;
  private options: ResolvedOptions = resolveOptions();
  private phase: Phase = 'new';
  private starting: { readonly done: Promise<void>; readonly deadline: Deadline } | undefined;
  private draining: Promise<void> | undefined;
  private disconnecting: Promise<void> | undefined;

  constructor(
    private readonly drivers: DriverSource,
    private readonly log: Log,
  ) {
    super();
    this.registry = new BrokerRegistry(this.host());
    this.demands = new Demands(drivers.clock, () => this.options.startTimeoutMs);
    this.waiting = new WaitingRoom(this.registry.known, drivers.clock, log);
  }

  get brokers(): readonly Broker[] {
    return this.registry.all();
  }

  get default(): Broker {
    return this.registry.default(this.options.default);
  }

  get(name: string): Broker {
    return this.registry.get(name);
  }

  /** The root's options. */
  configure(options: ResolvedOptions): void {
    this.options = options;
  }

  /** A broker of the module's definitions. A second one of the name becomes a wiring problem. */
  register(definition: BrokerDefinition): void {
    try {
      this.registry.add(definition);
    } catch (thrown) {
      this.problem(thrown as MultiBrokerError);
    }
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
    if (this.isStopping()) throw stopped();
    const late = this.phase === 'starting' || this.phase === 'started';
    if (late && !this.options.allowLateBrokers && !this.registry.known.has(definition.name)) {
      const what = `Broker '${definition.name}' was added after the start`;
      throw new MultiBrokerError('MULTI_BROKER_LATE_BROKER', what, { broker: definition.name });
    }
    const broker = this.registry.add(definition);
    if (late) await this.beginLate(broker);
    else this.handlers.forget();
    return broker;
  }

  start(): Promise<void> {
    if (this.isStopping()) return Promise.reject(stopped());
    if (this.starting === undefined) {
      const deadline = this.demands.deadline();
      this.starting = { deadline, done: this.run(deadline) };
    }
    return this.starting.done;
  }

  /** Phases 1 to 3 of a stop: afterwards publishes still work, so that others may finish what they do. */
  drain(): Promise<void> {
    this.draining ??= this.runDrain();
    return this.draining;
  }

  /** Phase 4 of a stop. */
  async disconnect(): Promise<void> {
    await this.drain();
    this.disconnecting ??= this.runDisconnect();
    await this.disconnecting;
  }

  async stop(): Promise<void> {
    await this.disconnect();
  }

  health(): MultiBrokerHealth {
    return healthOfAll(this.registry.all());
  }

  /** Whether a publish or a delivery is under way anywhere. */
  get busy(): boolean {
    return this.registry.all().some(({ busy }) => busy);
  }

  private async run(deadline: Deadline): Promise<void> {
    this.phase = 'starting';
    this.draining = undefined;
    this.disconnecting = undefined;
    const brokers = this.registry.all();
    for (const { outbox } of brokers) outbox.resume();
    try {
      this.check();
      await this.startAll(brokers, deadline.signal);
      this.phase = 'started';
      tellStarted(this.log, brokers, this.waiting.handlers());
      this.waiting.look();
    } catch (thrown) {
      await this.rollBack(brokers);
      throw thrown;
    } finally {
      deadline.clear();
    }
  }

  private async startAll(brokers: readonly ManagedBroker[], signal: AbortSignal): Promise<void> {
    const grace = new Grace(this.drivers.clock, signal);
    await connectAll(brokers, signal, grace);
    const ready = this.waiting.admit(this.handlers.bindings);
    await readAll(brokers, ready, signal, { room: this.waiting, grace });
    // A stop that came meanwhile: what did not hear of it must not count as a start.
    signal.throwIfAborted();
  }

  private async rollBack(brokers: readonly ManagedBroker[]): Promise<void> {
    this.waiting.close();
    await drainAll(brokers, (share) => this.stopDeadline(share), this.log);
    await disconnectAll(brokers, (share) => this.stopDeadline(share));
    this.phase = 'new';
    this.starting = undefined;
  }

  private async runDrain(): Promise<void> {
    const { starting } = this;
    if (this.phase === 'starting') {
      starting?.deadline.abort(stopped());
      await starting?.done.catch(() => undefined);
    }
    this.phase = 'draining';
    this.waiting.close();
    await drainAll(this.registry.all(), (share) => this.stopDeadline(share), this.log);
    this.phase = 'drained';
  }

  private async runDisconnect(): Promise<void> {
    this.phase = 'disconnecting';
    this.demands.abort(stopped());
    await disconnectAll(this.registry.all(), (share) => this.stopDeadline(share));
    this.phase = 'stopped';
    this.starting = undefined;
    this.log.info('Stopped');
  }

  /** A broker that comes after the start: connects, then its handlers and those that waited for it begin. */
  private async beginLate(broker: ManagedBroker): Promise<void> {
    let admitted: Admitted | undefined;
    try {
      admitted = this.handlers.admit(this.registry.definitions(), this.options);
      await this.demands.run((signal) => broker.connection.connect(signal));
      if (this.isStopping()) throw stopped();
      await this.waiting.begin(admitted.bindings);
    } catch (thrown) {
      await this.takeBack(broker, admitted);
      throw asError(thrown);
    }
  }

  private async takeBack(broker: ManagedBroker, admitted: Admitted | undefined): Promise<void> {
    admitted?.undo();
    await Promise.all(this.registry.all().map((other) => other.leaveAll(admitted?.bindings ?? [])));
    this.registry.remove(broker);
    await disconnectAll([broker], (share) => this.stopDeadline(share));
  }

  private async onDemand<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.phase === 'stopped' || this.phase === 'disconnecting') throw stopped();
    this.check();
    return this.demands.run(act);
  }

  private isStopping(): boolean {
    return this.phase === 'draining' || this.phase === 'drained' || this.phase === 'disconnecting';
  }

  private stopDeadline(share: number): Deadline {
    return new Deadline(this.drivers.clock, this.options.shutdownTimeoutMs * share, stopped);
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
        if (this.isStopping() || this.phase === 'stopped') throw stopped();
      },
      stopDeadline: (share) => this.stopDeadline(share),
      outlet: (name) => this.registry.known.get(name)?.outlet,
      cameUp: () => {
        if (this.phase === 'started') this.waiting.look();
      },
    };
  }
}

function once<T>(values: Map<string, unknown>, key: string, make: () => T): T {
  if (!values.has(key)) values.set(key, make());
  return values.get(key) as T;
}

import type { Binding, Outlet } from '../delivery/index.js';
import {
  type Broker,
  type BrokerDefinition,
  type Log,
  MultiBroker,
  type MultiBrokerHealth,
  sleep,
} from '../driver/index.js';
import { asError, MultiBrokerError, WiringError } from '../errors/index.js';
import { checkWiring, type HandlerDeclaration } from '../handlers/index.js';
import { Deadline } from './deadline.js';
import type { DriverSource } from './driver-source.js';
import { healthOfAll } from './health.js';
import { type BrokerHost, ManagedBroker, unknownBroker } from './managed-broker.js';
import { type ResolvedOptions, resolveOptions } from './module-options.js';
import { connectAll, readAll, tellStarted } from './start-phases.js';
import { disconnectAll, drainAll, flushAll } from './stop-phases.js';
import { WaitingRoom } from './waiting-room.js';

/** How long brokers with `critical: false` may take before the start goes on without them. */
const GRACE_MS = 2_000;

type Phase = 'new' | 'starting' | 'started' | 'draining' | 'drained' | 'stopped';

/** All brokers of one Nest application. The module fills it; one start and one stop serve them all. */
export class ManagedMultiBroker extends MultiBroker {
  private readonly known = new Map<string, ManagedBroker>();
  private readonly problems: MultiBrokerError[] = [];
  private readonly host: BrokerHost;
  private readonly waiting: WaitingRoom;
  private options: ResolvedOptions = resolveOptions();
  private phase: Phase = 'new';
  private declarations: () => readonly HandlerDeclaration[] = () => [];
  private wired: { readonly bindings: readonly Binding[]; readonly late: readonly HandlerDeclaration[] } | undefined;
  private starting: { readonly done: Promise<void>; readonly deadline: Deadline } | undefined;
  private draining: Promise<void> | undefined;
  private readonly demands = new Set<Deadline>();

  constructor(
    private readonly drivers: DriverSource,
    private readonly log: Log,
  ) {
    super();
    const shared = new Map<string, unknown>();
    this.host = {
      drivers,
      io: { clock: drivers.clock, log, shared: (key, make) => once(shared, key, make) },
      inMemory: () => this.options.inMemory,
      maxHops: () => this.options.maxHops,
      onDemand: (act) => this.onDemand(act),
      outlet: (name) => this.outlet(name),
      cameUp: () => {
        if (this.phase === 'started') this.waiting.look();
      },
    };
    this.waiting = new WaitingRoom(this.known, drivers.clock, log);
  }

  get brokers(): readonly Broker[] {
    return [...this.known.values()];
  }

  get default(): Broker {
    if (this.options.default !== undefined) return this.get(this.options.default);
    const first = this.brokers[0];
    if (first === undefined) throw new MultiBrokerError('MULTI_BROKER_NO_BROKER', 'No broker is defined');
    return first;
  }

  get(name: string): Broker {
    const broker = this.known.get(name);
    if (broker === undefined) throw unknownBroker(name, [...this.known.keys()]);
    return broker;
  }

  /** The root's options. */
  configure(options: ResolvedOptions): void {
    this.options = options;
  }

  /** A broker of the module's definitions. A second one of the name becomes a wiring problem. */
  register(definition: BrokerDefinition): void {
    if (this.known.has(definition.name)) this.problem(duplicate(definition.name));
    else this.known.set(definition.name, new ManagedBroker(definition, this.host));
  }

  /** A mistake that the module found; told with all others. */
  problem(error: MultiBrokerError): void {
    this.problems.push(error);
  }

  /** Who knows the handlers; asked once, when the wiring is checked. */
  explore(handlers: () => readonly HandlerDeclaration[]): void {
    this.declarations = handlers;
  }

  /** Finds and checks all handlers, once. @throws WiringError */
  check(): void {
    if (this.wired !== undefined) return;
    const { allowLateBrokers } = this.options;
    const { bindings, waiting, problems } = checkWiring(this.watched(), this.definitions(), { allowLateBrokers });
    const all = [...this.problems, ...this.defaultProblems(), ...problems];
    if (all.length > 0) throw new WiringError(all);
    this.wired = { bindings, late: waiting };
  }

  async add(definition: BrokerDefinition): Promise<Broker> {
    if (this.known.has(definition.name)) throw duplicate(definition.name);
    const late = this.phase !== 'new';
    if (late && !this.options.allowLateBrokers) {
      const what = `Broker '${definition.name}' was added after the start`;
      throw new MultiBrokerError('MULTI_BROKER_LATE_BROKER', what, { broker: definition.name });
    }
    const broker = new ManagedBroker(definition, this.host);
    this.known.set(definition.name, broker);
    if (late) await this.begin(broker);
    else this.wired = undefined;
    return broker;
  }

  start(): Promise<void> {
    if (this.starting !== undefined) return this.starting.done;
    const deadline = new Deadline(this.drivers.clock, this.options.startTimeoutMs, () => this.startTimeout());
    this.starting = { deadline, done: this.run(deadline) };
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
    if (this.phase === 'stopped') return;
    this.phase = 'stopped';
    for (const demand of this.demands) demand.abort(stopped());
    await this.disconnectWithin([...this.known.values()]);
    this.starting = undefined;
    this.log.info('Stopped');
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.disconnect();
  }

  health(): MultiBrokerHealth {
    return healthOfAll([...this.known.values()]);
  }

  /** Whether a publish or a delivery is under way anywhere. */
  get busy(): boolean {
    return [...this.known.values()].some(({ outbox, readings }) => {
      return outbox.pending > 0 || [...readings].some(({ taken }) => taken > 0);
    });
  }

  private async run(deadline: Deadline): Promise<void> {
    this.phase = 'starting';
    this.draining = undefined;
    const brokers = [...this.known.values()];
    for (const { outbox } of brokers) outbox.resume();
    const over = new AbortController();
    try {
      this.check();
      const grace = sleep(this.drivers.clock, GRACE_MS, AbortSignal.any([deadline.signal, over.signal]));
      await connectAll(brokers, deadline.signal, grace);
      const ready = this.waiting.admit(this.wired?.bindings ?? []);
      await readAll(brokers, ready, deadline.signal);
      this.phase = 'started';
      tellStarted(this.log, brokers, this.waiting.handlers());
      this.waiting.look();
    } catch (thrown) {
      deadline.abort(asError(thrown));
      await this.rollBack(brokers);
      throw thrown;
    } finally {
      // The timer would keep a process alive, and stand among a test's pending ones.
      over.abort();
      deadline.clear();
    }
  }

  private async rollBack(brokers: readonly ManagedBroker[]): Promise<void> {
    await this.drainWithin(brokers);
    await this.disconnectWithin(brokers);
    this.waiting.close();
    this.phase = 'new';
    this.starting = undefined;
  }

  private async runDrain(): Promise<void> {
    const { starting } = this;
    if (this.phase === 'starting') starting?.deadline.abort(stopped());
    await starting?.done.catch(() => undefined);
    this.phase = 'draining';
    this.waiting.close();
    await this.drainWithin([...this.known.values()]);
    this.phase = 'drained';
  }

  /** A broker that comes after the start: connects, then its handlers and those that waited for it begin. */
  private async begin(broker: ManagedBroker): Promise<void> {
    const { allowLateBrokers } = this.options;
    try {
      const { bindings, waiting, problems } = checkWiring(this.wired?.late ?? [], this.definitions(), {
        allowLateBrokers,
      });
      if (problems.length > 0) throw new WiringError(problems);
      await this.onDemand((signal) => broker.connection.connect(signal));
      if (this.wired !== undefined) this.wired = { bindings: [...this.wired.bindings, ...bindings], late: waiting };
      this.waiting.add(bindings);
      await this.waiting.settle();
    } catch (thrown) {
      this.known.delete(broker.name);
      await broker.connection.close();
      throw asError(thrown);
    }
  }

  private async onDemand<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.phase === 'stopped') throw stopped();
    this.check();
    const deadline = new Deadline(this.drivers.clock, this.options.startTimeoutMs, () => this.startTimeout());
    this.demands.add(deadline);
    try {
      return await act(deadline.signal);
    } finally {
      deadline.clear();
      this.demands.delete(deadline);
    }
  }

  private outlet(name: string): Outlet | undefined {
    return this.known.get(name)?.outlet;
  }

  private watched(): readonly HandlerDeclaration[] {
    return this.declarations().map((declaration) => this.drivers.watch(declaration));
  }

  private definitions(): ReadonlyMap<string, BrokerDefinition> {
    return new Map([...this.known].map(([name, { definition }]) => [name, definition]));
  }

  private defaultProblems(): MultiBrokerError[] {
    const name = this.options.default;
    return name === undefined || this.known.has(name) ? [] : [unknownBroker(name, [...this.known.keys()])];
  }

  /** Most of the budget is the handlers'; the rest is kept, so that what they settled still reaches the servers. */
  private async drainWithin(brokers: readonly ManagedBroker[]): Promise<void> {
    const working = this.stopDeadline(0.7);
    await drainAll(brokers, working, this.log);
    working.clear();
    const flushing = this.stopDeadline(0.1);
    await flushAll(brokers, flushing);
    flushing.clear();
  }

  private async disconnectWithin(brokers: readonly ManagedBroker[]): Promise<void> {
    const deadline = this.stopDeadline(0.2);
    await disconnectAll(brokers, deadline);
    deadline.clear();
  }

  private stopDeadline(share: number): Deadline {
    return new Deadline(this.drivers.clock, this.options.shutdownTimeoutMs * share, stopped);
  }

  private startTimeout(): MultiBrokerError {
    const what = `Not started within ${String(this.options.startTimeoutMs)} ms`;
    return new MultiBrokerError('MULTI_BROKER_START_TIMEOUT', what);
  }
}

function duplicate(name: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_DUPLICATE_BROKER', `Two brokers are named '${name}'`, { broker: name });
}

function stopped(): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_STOPPED', 'The brokers were stopped');
}

function once<T>(values: Map<string, unknown>, key: string, make: () => T): T {
  if (!values.has(key)) values.set(key, make());
  return values.get(key) as T;
}

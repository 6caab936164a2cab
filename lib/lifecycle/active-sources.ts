import { type Binding, type DeliveryHost, handlersOf, type WaitingLane } from '../delivery/index.js';
import type { BrokerDefinition, Driver } from '../driver/index.js';
import { errorOf, type MultiBrokerError } from '../errors/index.js';
import type { BrokerHost } from './runtime.js';
import { ActiveSource } from './active-source.js';
import type { HandlerStates } from './handler-states.js';
import { stopReading } from './stop-source.js';

/** The running subscriptions of one broker, from before each starts until it has closed, so that a stop finds it. */
export class ActiveSources implements Iterable<ActiveSource> {
  private readonly all = new Set<ActiveSource>();
  /** Those that take messages but call no handler yet. */
  private readonly held = new Set<ActiveSource>();

  constructor(
    private readonly definition: BrokerDefinition,
    private readonly host: BrokerHost,
    private readonly delivery: DeliveryHost,
    private readonly handlers: HandlerStates,
  ) {}

  [Symbol.iterator](): Iterator<ActiveSource> {
    return this.all[Symbol.iterator]();
  }

  /** Whether it is starting or running. */
  has(active: ActiveSource): boolean {
    return this.all.has(active);
  }

  /** Number of messages taken and not yet settled. */
  get taken(): number {
    let taken = 0;
    for (const active of this.all) taken += active.taken;
    return taken;
  }

  /** Number of lanes on which a handler runs, plus the subscriptions that are starting. */
  get moving(): number {
    let moving = 0;
    for (const active of this.all) moving += active.moving;
    return moving;
  }

  /** Reasons why reading has stalled, one sentence each. */
  get healthIssues(): readonly string[] {
    return [...this.all].flatMap(({ healthIssues }) => healthIssues);
  }

  /** Conditions that are worth knowing but no fault, one sentence each. */
  get notes(): readonly string[] {
    return [...this.all].flatMap(({ notes }) => notes);
  }

  /** The lanes with messages that wait for their handler. */
  waiting(): readonly WaitingLane[] {
    return [...this.all].flatMap((active) => active.waiting());
  }

  /** The bindings of all running subscriptions. */
  get bindings(): readonly Binding[] {
    return [...this.all].flatMap(({ bindings }) => bindings);
  }

  /**
   * Resolves once every source reads. If one fails, none reads and the promise rejects.
   *
   * @param prepare called before the subscription starts
   */
  async start(
    driver: Driver | undefined,
    bindings: readonly Binding[],
    signal: AbortSignal,
    prepare?: (active: ActiveSource) => void,
  ): Promise<ActiveSource> {
    if (driver === undefined) throw this.notConnected();
    const active = this.create(bindings);
    prepare?.(active);
    return this.run(active, driver, signal);
  }

  /** Like {@link start}, but no handler is called before {@link releaseHandlers}. */
  async startHeld(
    driver: Driver | undefined,
    bindings: readonly Binding[],
    signal: AbortSignal,
  ): Promise<ActiveSource> {
    if (driver === undefined) throw this.notConnected();
    const active = this.create(bindings);
    active.hold();
    this.held.add(active);
    return this.run(active, driver, signal);
  }

  private create(bindings: readonly Binding[]): ActiveSource {
    const active = new ActiveSource(bindings, this.delivery);
    active.pause(bindings.flatMap(handlersOf).filter((binding) => this.handlers.isPaused(binding)));
    return active;
  }

  /** The subscription, starting or running, that reads for this handler. */
  of(binding: Binding): ActiveSource | undefined {
    return [...this.all].find(({ bindings }) => bindings.flatMap(handlersOf).includes(binding));
  }

  releaseHandlers(): void {
    for (const active of this.held) active.release();
    this.held.clear();
  }

  /** Throws if a running subscription, or a handler that has yet to start, would take messages of the same source. */
  refuseClash(binding: Binding): void {
    const { name: broker } = this.definition;
    const claims = this.host.claims().filter((other) => other.broker === broker);
    for (const other of [...this.bindings, ...claims]) {
      const why = this.definition.clash(other.source, binding.source);
      if (why === undefined) continue;
      const params = { source: binding.source.name, broker, other: other.handler, why };
      throw errorOf('MULTI_BROKER_SOURCE_CLASH.running', params, { handler: binding.handler });
    }
  }

  /** Stops one subscription, with a time limit: a handler that stops its own subscription would wait for itself. */
  async stop(active: ActiveSource): Promise<void> {
    if (!this.all.has(active)) return;
    const { stopDeadline, io } = this.host;
    await stopReading(active, stopDeadline, io.log);
    this.forget(active);
  }

  /** Stops the subscriptions of these bindings. */
  async stopAll(bindings: readonly Binding[]): Promise<void> {
    const begun = [...this.all].filter((active) => active.bindings.some((one) => bindings.includes(one)));
    await Promise.all(begun.map((active) => this.stop(active)));
  }

  /** Forgets the subscriptions, which have all been closed. */
  clear(): void {
    this.all.clear();
    this.held.clear();
  }

  private async run(active: ActiveSource, driver: Driver, signal: AbortSignal): Promise<ActiveSource> {
    this.all.add(active);
    try {
      await active.start(driver, signal);
      return active;
    } catch (thrown) {
      this.forget(active);
      throw thrown;
    }
  }

  private forget(active: ActiveSource): void {
    this.all.delete(active);
    this.held.delete(active);
  }

  private notConnected(): MultiBrokerError {
    return errorOf('MULTI_BROKER_NOT_CONNECTED.subscribe', { broker: this.definition.name });
  }
}

import { type Clock, Deadline } from '../async/index.js';
import { traceChannels, traced } from '../delivery/index.js';
import type { Logger } from '../driver/index.js';
import { errorOf, type MultiBrokerError } from '../errors/index.js';
import type { BrokerRegistry } from './broker-registry.js';
import type { ManagedBroker } from './managed-broker.js';
import type { ResolvedOptions } from './module-options.js';
import { type OnDemandOperations, stopped } from './on-demand.js';
import { OptionalBrokerWait } from './optional-brokers.js';
import type { PendingBindings } from './pending-bindings.js';
import { connectAll, readAll, restoreDynamicSubscriptions, logStarted } from './start-phases.js';
import { disconnectAll, drainAll, killAll } from './stop-phases.js';
import type { WiredHandlers } from './wired-handlers.js';

/**
 * ```text
 * new ── starting ── started ── draining ── drained ── disconnecting ── stopped ── starting …
 *  ▲        │ failed
 *  └────────┘   everything opened so far is closed
 * ```
 *
 * A stop is possible in any phase; during a start it aborts the start first. A kill goes to `stopped` at once from any
 * phase but those of a stop.
 */
type Phase = 'new' | 'starting' | 'started' | 'draining' | 'drained' | 'disconnecting' | 'stopped';

/** A start, or one half of a stop: the same object in all of its events. */
export interface LifecycleTrace {
  readonly phase: 'start' | 'drain' | 'disconnect';
  readonly brokers: readonly { readonly broker: string; readonly kind: string }[];
  error?: Error;
}

const phases = traceChannels<LifecycleTrace>('nestjs-multi-broker:lifecycle');

/** The parts of an application that one start and one stop serve. */
export interface Parts {
  readonly registry: BrokerRegistry;
  readonly handlers: WiredHandlers;
  readonly pending: PendingBindings;
  readonly operations: OnDemandOperations;
  readonly clock: Clock;
  /** See {@link BrokerRuntime.clockStands}. */
  readonly clockStands: boolean;
  readonly log: Logger;
  /** Keeps the process alive from the beginning of a start until all brokers are disconnected. */
  readonly process: { hold(): void; release(): void };
  options(): ResolvedOptions;
  /** @throws WiringError */
  check(): void;
}

/** Start and stop of all brokers together. Concurrent calls share one run; after a stop they can be started again. */
export class Lifecycle {
  private phase: Phase = 'new';
  private starting: { readonly done: Promise<void>; readonly deadline: Deadline } | undefined;
  private draining: Promise<void> | undefined;
  private disconnecting: Promise<void> | undefined;
  private isEnded = false;

  constructor(private readonly parts: Parts) {}

  get isStarted(): boolean {
    return this.phase === 'started';
  }

  get isStarting(): boolean {
    return this.phase === 'starting';
  }

  /** Whether a start has begun: a broker that is added now is a late one. */
  get isBegun(): boolean {
    return this.isStarting || this.isStarted;
  }

  /**
   * Whether a stop is under way, including one that still waits for the start that it aborted, or has ended for good.
   */
  get isStopping(): boolean {
    if (this.isEnded) return true;
    if (this.phase === 'stopped') return false;
    return this.draining !== undefined || this.phase === 'disconnecting';
  }

  /** The error of what a stop refuses. */
  refusal(): MultiBrokerError {
    return this.isEnded ? errorOf('MULTI_BROKER_STOPPED.application', {}) : stopped();
  }

  /** Whether connections are being closed or are closed. */
  get isDisconnected(): boolean {
    return this.phase === 'disconnecting' || this.phase === 'stopped';
  }

  start(): Promise<void> {
    if (this.isStopping) return Promise.reject(this.refusal());
    if (this.starting === undefined) {
      const deadline = this.parts.operations.deadline();
      this.starting = { deadline, done: this.traced('start', () => this.run(deadline)) };
    }
    return this.starting.done;
  }

  /** Resolves when the current start has succeeded or failed. */
  async startOver(): Promise<void> {
    await this.starting?.done.catch(() => undefined);
  }

  /** Phases 1 to 3 of a stop. */
  drain(): Promise<void> {
    this.draining ??= this.traced('drain', () => this.runDrain());
    return this.draining;
  }

  /** Phase 4 of a stop. */
  async disconnect(): Promise<void> {
    await this.drain();
    this.disconnecting ??= this.traced('disconnect', () => this.runDisconnect());
    await this.disconnecting;
  }

  /** Stops for good: the application is closing, so nothing would stop brokers that were started after this. */
  end(): Promise<void> {
    this.isEnded = true;
    return this.disconnect();
  }

  /** Simulates a killed process: nothing is finished or handed back. It can be started again. */
  async kill(): Promise<void> {
    if (this.isStopping) throw this.refusal();
    const { registry, pending, operations } = this.parts;
    const { starting } = this;
    starting?.deadline.abort(stopped);
    operations.abort(stopped);
    await starting?.done.catch(() => undefined);
    this.phase = 'disconnecting';
    pending.close();
    await killAll(registry.all());
    this.parts.process.release();
    this.phase = 'stopped';
    this.starting = undefined;
  }

  /** The deadline of one phase: a share of the time limit of a stop. */
  readonly stopDeadline = (share: number): Deadline => {
    return new Deadline(this.parts.clock, this.parts.options().shutdownTimeoutMs * share, stopped);
  };

  private traced(phase: LifecycleTrace['phase'], act: () => Promise<void>): Promise<void> {
    if (!phases.hasSubscribers) return act();
    const brokers = this.parts.registry.all().map(({ name, kind }) => ({ broker: name, kind }));
    return traced(phases, { phase, brokers }, act);
  }

  private async run(deadline: Deadline): Promise<void> {
    const { registry, log, pending } = this.parts;
    this.phase = 'starting';
    this.parts.process.hold();
    this.draining = undefined;
    this.disconnecting = undefined;
    const brokers = registry.all();
    for (const { outbox } of brokers) outbox.resume();
    try {
      this.parts.check();
      await this.startAll(brokers, deadline.signal);
      this.phase = 'started';
      for (const { activeSources } of brokers) activeSources.releaseHandlers();
      logStarted(log, brokers, pending.handlers());
      pending.startReady();
    } catch (thrown) {
      await this.rollBack(brokers);
      throw thrown;
    } finally {
      deadline.clear();
    }
  }

  private async startAll(brokers: readonly ManagedBroker[], signal: AbortSignal): Promise<void> {
    const { clock, clockStands, pending, handlers } = this.parts;
    const grace = new OptionalBrokerWait(clock, signal, clockStands, this.parts.options().startTimeoutMs);
    await connectAll(brokers, signal, grace);
    pending.open();
    await restoreDynamicSubscriptions(brokers, signal, { pending, grace });
    const ready = pending.admit(handlers.bindings);
    await readAll(brokers, ready, signal, { pending, grace });
    // A stop may have come meanwhile: a start whose steps ignored the signal must not count as one.
    signal.throwIfAborted();
  }

  private async rollBack(brokers: readonly ManagedBroker[]): Promise<void> {
    this.parts.pending.close();
    await drainAll(brokers, this.stopDeadline, this.parts.log, true);
    await disconnectAll(brokers, this.stopDeadline);
    this.parts.process.release();
    this.phase = 'new';
    this.starting = undefined;
  }

  private async runDrain(): Promise<void> {
    const { registry, pending, log } = this.parts;
    const { starting } = this;
    if (this.phase === 'starting') {
      starting?.deadline.abort(stopped);
      await starting?.done.catch(() => undefined);
    }
    this.phase = 'draining';
    pending.close();
    await drainAll(registry.all(), this.stopDeadline, log);
    this.phase = 'drained';
  }

  private async runDisconnect(): Promise<void> {
    const { registry, operations, log } = this.parts;
    this.phase = 'disconnecting';
    operations.abort(stopped);
    await disconnectAll(registry.all(), this.stopDeadline);
    for (const { dynamicSubscriptions } of registry.all()) dynamicSubscriptions.clear();
    this.parts.process.release();
    this.phase = 'stopped';
    this.starting = undefined;
    log.info('Stopped');
  }
}

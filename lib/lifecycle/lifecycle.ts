import type { Clock, Log } from '../driver/index.js';
import type { BrokerRegistry } from './broker-registry.js';
import { Deadline } from './deadline.js';
import type { Demands } from './demands.js';
import { Grace } from './grace.js';
import type { ManagedBroker } from './managed-broker.js';
import type { ResolvedOptions } from './module-options.js';
import { connectAll, readAll, readByHandAgain, tellStarted } from './start-phases.js';
import { disconnectAll, drainAll, killAll } from './stop-phases.js';
import { stopped } from './stopped.js';
import type { WaitingRoom } from './waiting-room.js';
import type { WiredHandlers } from './wired-handlers.js';

/**
 * ```text
 * new ── starting ── started ── draining ── drained ── disconnecting ── stopped ── starting …
 *  ▲        │ failed
 *  └────────┘   what was opened is closed again
 * ```
 *
 * A stop comes from any phase: during a start it ends that first. A kill goes from any but a stop's to stopped at once.
 */
type Phase = 'new' | 'starting' | 'started' | 'draining' | 'drained' | 'disconnecting' | 'stopped';

/** What one start and one stop serve. */
export interface Parts {
  readonly registry: BrokerRegistry;
  readonly handlers: WiredHandlers;
  readonly waiting: WaitingRoom;
  readonly demands: Demands;
  readonly clock: Clock;
  /** As that of the source of drivers. */
  readonly clockStands: boolean;
  readonly log: Log;
  options(): ResolvedOptions;
  /** @throws WiringError */
  check(): void;
}

/** The life of all brokers together: started and stopped, each once at a time, and again after that. */
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

  /** What is added now is late. */
  get isBegun(): boolean {
    return this.isStarting || this.isStarted;
  }

  /**
   * A stop has begun and not ended; one that still waits for the start that it has ended, too. Or it was the last one.
   */
  get isStopping(): boolean {
    if (this.isEnded) return true;
    if (this.phase === 'stopped') return false;
    return this.draining !== undefined || this.phase === 'disconnecting';
  }

  /** Connections end, or have ended. */
  get isDisconnected(): boolean {
    return this.phase === 'disconnecting' || this.phase === 'stopped';
  }

  start(): Promise<void> {
    if (this.isStopping) return Promise.reject(stopped());
    if (this.starting === undefined) {
      const deadline = this.parts.demands.deadline();
      this.starting = { deadline, done: this.run(deadline) };
    }
    return this.starting.done;
  }

  /** Resolves when the start that is under way is over, however it ends. */
  async startOver(): Promise<void> {
    await this.starting?.done.catch(() => undefined);
  }

  /** Phases 1 to 3 of a stop. */
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

  /** The same for good: the application is closed, and what were started anew would never be stopped. */
  end(): Promise<void> {
    this.isEnded = true;
    return this.disconnect();
  }

  /** As if the process were gone: nothing is finished or given back. It can be started again. */
  async kill(): Promise<void> {
    if (this.isStopping) throw stopped();
    const { registry, waiting, demands } = this.parts;
    const { starting } = this;
    starting?.deadline.abort(stopped);
    demands.abort(stopped);
    await starting?.done.catch(() => undefined);
    this.phase = 'disconnecting';
    waiting.close();
    await killAll(registry.all());
    this.phase = 'stopped';
    this.starting = undefined;
  }

  /** A share of the budget of a stop. */
  readonly stopDeadline = (share: number): Deadline => {
    return new Deadline(this.parts.clock, this.parts.options().shutdownTimeoutMs * share, stopped);
  };

  private async run(deadline: Deadline): Promise<void> {
    const { registry, log, waiting } = this.parts;
    this.phase = 'starting';
    this.draining = undefined;
    this.disconnecting = undefined;
    const brokers = registry.all();
    for (const { outbox } of brokers) outbox.resume();
    try {
      this.parts.check();
      await this.startAll(brokers, deadline.signal);
      this.phase = 'started';
      for (const { readings } of brokers) readings.letHandlersBegin();
      tellStarted(log, brokers, waiting.handlers());
      waiting.look();
    } catch (thrown) {
      await this.rollBack(brokers);
      throw thrown;
    } finally {
      deadline.clear();
    }
  }

  private async startAll(brokers: readonly ManagedBroker[], signal: AbortSignal): Promise<void> {
    const { clock, clockStands, waiting: room, handlers } = this.parts;
    const grace = new Grace(clock, signal, clockStands);
    await connectAll(brokers, signal, grace);
    room.open();
    await readByHandAgain(brokers, signal, { room, grace });
    const ready = room.admit(handlers.bindings);
    await readAll(brokers, ready, signal, { room, grace });
    // A stop that came meanwhile: what did not hear of it must not count as a start.
    signal.throwIfAborted();
  }

  private async rollBack(brokers: readonly ManagedBroker[]): Promise<void> {
    this.parts.waiting.close();
    await drainAll(brokers, this.stopDeadline, this.parts.log, true);
    await disconnectAll(brokers, this.stopDeadline);
    this.phase = 'new';
    this.starting = undefined;
  }

  private async runDrain(): Promise<void> {
    const { registry, waiting, log } = this.parts;
    const { starting } = this;
    if (this.phase === 'starting') {
      starting?.deadline.abort(stopped);
      await starting?.done.catch(() => undefined);
    }
    this.phase = 'draining';
    waiting.close();
    await drainAll(registry.all(), this.stopDeadline, log);
    this.phase = 'drained';
  }

  private async runDisconnect(): Promise<void> {
    const { registry, demands, log } = this.parts;
    this.phase = 'disconnecting';
    demands.abort(stopped);
    await disconnectAll(registry.all(), this.stopDeadline);
    for (const { byHand } of registry.all()) byHand.clear();
    this.phase = 'stopped';
    this.starting = undefined;
    log.info('Stopped');
  }
}

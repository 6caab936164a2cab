import { AsyncResource } from 'node:async_hooks';
import type { Incoming, Lane, Sink, SourceSpec } from '../driver/index.js';
import { type Binding, handlersOf } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';
import { LaneRunner, MAX_UNSETTLED } from './lane-runner.js';
import { type Bound, boundOf } from './shared-source.js';

/**
 * All lanes that are read together share about this many messages that are handled and not settled: they outlive the
 * young generation, and twice as many cost a fifth of a bridge's processor time in collections. Each lane has its own
 * share, so that one that waits takes nothing from the others.
 */
const WINDOW = 2_048;
const SMALLEST_WINDOW = 64;

/** A lane whose messages wait for their handler: behind one that is held, one that runs, or a pause. */
export interface WaitingLane {
  readonly lane: Lane;
  readonly binding: Binding;
  readonly messages: number;
}

/** Where a driver hands messages over for a set of bindings; one for each call of `Driver.subscribe`. */
export class DeliverySink implements Sink {
  private readonly bindingOf: ReadonlyMap<SourceSpec, Binding>;
  /** Made with the first lane of a source: in a test most sources get no message, and their lanes are not opened. */
  private readonly bound = new Map<SourceSpec, Bound>();
  private readonly runners = new Map<Lane, LaneRunner>();
  /**
   * The async context of handlers: that of the subscriber. A twin opens lanes and hands messages over in that of a
   * publisher, and every later message of such a lane would be handled in the context of the first.
   */
  private readonly scope = new AsyncResource('nestjs-multi-broker');
  private callingStopped = false;
  /** No handler at all is called. */
  private held = false;
  /** The handlers that are not called. One that shares a source pauses all that read it, as they have one order. */
  private readonly paused = new Set<Binding>();
  /** Of the call of `stopCalling`. */
  private callsPaused = true;
  private abandoned = false;

  constructor(
    bindings: readonly Binding[],
    private readonly host: DeliveryHost,
  ) {
    this.bindingOf = new Map(bindings.map((binding) => [binding.source, binding]));
  }

  /** Messages taken and not settled. */
  get taken(): number {
    let taken = 0;
    for (const runner of this.runners.values()) taken += runner.taken;
    return taken;
  }

  /** The messages of one handler that are taken and not settled. */
  takenOf(binding: Binding): number {
    let taken = 0;
    for (const runner of this.runners.values()) taken += runner.takenBy(binding);
    return taken;
  }

  /** How many handlers run or are about to. */
  get moving(): number {
    let moving = 0;
    for (const runner of this.runners.values()) moving += runner.moving;
    return moving;
  }

  /** How many messages of each lane wait for their handler. */
  waiting(): readonly WaitingLane[] {
    return [...this.runners.values()]
      .filter(({ waiting }) => waiting > 0)
      .map(({ lane, binding, waiting }) => ({ lane, binding, messages: waiting }));
  }

  /** Why lanes are stalled, a sentence each. */
  get healthIssues(): readonly string[] {
    return [...this.runners.values()].flatMap(({ healthIssue }) => healthIssue ?? []);
  }

  /** Sentences worth knowing that degrade nothing. */
  get notes(): readonly string[] {
    return [...this.runners.values()].flatMap(({ note }) => note ?? []);
  }

  opened(lane: Lane): void {
    const bound = this.boundOf(lane.source);
    if (bound === undefined) {
      this.host.log.error(`The driver of '${this.host.broker.name}' opened ${lane.name} for a source it was not given`);
      return;
    }
    const { binding, host, policy } = bound;
    const runner = new LaneRunner(lane, binding, host, this.scope, policy, bound);
    if (lane.lost.aborted) return;
    this.runners.set(lane, runner);
    this.shareWindow();
    lane.lost.addEventListener('abort', () => void this.forget(lane), { once: true });
    if (this.isStill(bound.binding)) runner.pause();
    else runner.resume();
    if (this.callingStopped) this.stop(runner);
    if (this.abandoned) runner.abandon();
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    return this.runners.get(lane)?.take(batch);
  }

  async drain(lane: Lane): Promise<void> {
    const runner = this.runners.get(lane);
    runner?.stopCalling();
    await runner?.drained();
  }

  /** Takes messages and calls no handler before {@link release}. */
  hold(): void {
    this.held = true;
    for (const runner of this.runners.values()) runner.pause();
  }

  release(): void {
    this.held = false;
    for (const runner of this.runners.values()) if (!this.isPaused(runner.binding)) runner.resume();
  }

  /**
   * Pauses the handlers of these bindings, by default of all. Ignored once calling has stopped: messages that are not
   * redelivered are handled to the end.
   */
  pause(bindings: Iterable<Binding> = this.bindings()): void {
    if (this.callingStopped) return;
    for (const binding of bindings) for (const one of handlersOf(binding)) this.paused.add(one);
    for (const runner of this.runners.values()) if (this.isPaused(runner.binding)) runner.pause();
  }

  /** Ends the pause of these bindings, by default of all. */
  resume(bindings: Iterable<Binding> = this.bindings()): void {
    for (const binding of bindings) for (const one of handlersOf(binding)) this.paused.delete(one);
    for (const runner of this.runners.values()) if (!this.isStill(runner.binding)) runner.resume();
  }

  isPaused(binding: Binding): boolean {
    return handlersOf(binding).some((one) => this.paused.has(one));
  }

  /** @param callsPaused messages that are not redelivered are handled to the end, although their handler is paused */
  stopCalling(callsPaused = true): void {
    this.callingStopped = true;
    this.callsPaused = callsPaused;
    for (const runner of this.runners.values()) this.stop(runner);
  }

  async drained(): Promise<void> {
    await Promise.all([...this.runners.values()].map((runner) => runner.drained()));
  }

  /** Abandons what still runs; returns its names. */
  abandon(): readonly string[] {
    this.abandoned = true;
    return [...this.runners.values()].flatMap((runner) => runner.abandon());
  }

  private bindings(): Iterable<Binding> {
    return this.bindingOf.values();
  }

  private boundOf(source: SourceSpec): Bound | undefined {
    const known = this.bound.get(source);
    const binding = this.bindingOf.get(source);
    if (known !== undefined || binding === undefined) return known;
    const made = boundOf(binding, this.host);
    this.bound.set(source, made);
    return made;
  }

  private isStill(binding: Binding): boolean {
    return this.held || this.isPaused(binding);
  }

  private stop(runner: LaneRunner): void {
    runner.stopCalling(this.callsPaused || !this.isPaused(runner.binding));
  }

  /** Its handlers may still run and count for nothing any more; a drain waits for them all the same. */
  private async forget(lane: Lane): Promise<void> {
    await this.runners.get(lane)?.drained();
    this.runners.delete(lane);
    this.shareWindow();
  }

  private shareWindow(): void {
    const share = Math.min(MAX_UNSETTLED, Math.max(SMALLEST_WINDOW, Math.floor(WINDOW / this.runners.size)));
    for (const runner of this.runners.values()) runner.shareWindow(share);
  }
}

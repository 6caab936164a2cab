import { AsyncResource } from 'node:async_hooks';
import type { Incoming, Lane, Sink, SourceSpec } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { DeliveryHost } from './delivery-host.js';
import { LaneRunner, MAX_UNSETTLED } from './lane-runner.js';

/**
 * All lanes that are read together have about so many messages handled and not settled: they outlive the young
 * generation, and twice as many cost a fifth of a bridge's processor time in collections. Each lane has its own share,
 * so that one that waits takes nothing from the others.
 */
const WINDOW = 2_048;
const SMALLEST_WINDOW = 64;

/** A lane on which messages wait for their handler: behind one that comes again, one that runs, or a pause. */
export interface WaitingLane {
  readonly lane: Lane;
  readonly binding: Binding;
  readonly messages: number;
}

/** Where a driver hands messages over for a set of bindings; one for each call of `Driver.subscribe`. */
export class DeliverySink implements Sink {
  private readonly bindings: ReadonlyMap<SourceSpec, Binding>;
  private readonly runners = new Map<Lane, LaneRunner>();
  /**
   * In which handlers run: that of who began to read. A twin opens lanes and hands messages over in that of a
   * publisher, and every later message of such a lane would be handled in the context of the first.
   */
  private readonly scope = new AsyncResource('nestjs-multi-broker');
  private quieted = false;
  private paused = false;
  /** Of the call of `quiet`. */
  private callsPaused = true;
  private abandoned = false;

  constructor(
    bindings: readonly Binding[],
    private readonly host: DeliveryHost,
  ) {
    this.bindings = new Map(bindings.map((binding) => [binding.source, binding]));
  }

  /** Messages taken and not settled. */
  get taken(): number {
    let taken = 0;
    for (const runner of this.runners.values()) taken += runner.taken;
    return taken;
  }

  /** Lanes on which a handler runs or is about to. */
  get moving(): number {
    let moving = 0;
    for (const runner of this.runners.values()) if (runner.moves) moving++;
    return moving;
  }

  /** How many messages of each lane wait for their handler. */
  waiting(): readonly WaitingLane[] {
    return [...this.runners.values()]
      .filter(({ waiting }) => waiting > 0)
      .map(({ lane, binding, waiting }) => ({ lane, binding, messages: waiting }));
  }

  /** Why lanes stand, a sentence each. */
  get healthIssues(): readonly string[] {
    return [...this.runners.values()].flatMap(({ healthIssue }) => healthIssue ?? []);
  }

  /** What is worth knowing and no fault, a sentence each. */
  get notes(): readonly string[] {
    return [...this.runners.values()].flatMap(({ note }) => note ?? []);
  }

  opened(lane: Lane): void {
    const binding = this.bindings.get(lane.source);
    if (binding === undefined) {
      this.host.log.error(`The driver of '${this.host.broker.name}' opened ${lane.name} for a source it was not given`);
      return;
    }
    const runner = new LaneRunner(lane, binding, this.host, this.scope);
    if (lane.lost.aborted) return;
    this.runners.set(lane, runner);
    this.shareWindow();
    lane.lost.addEventListener('abort', () => void this.forget(lane), { once: true });
    if (this.paused) runner.pause();
    else runner.resume();
    if (this.quieted) runner.quiet(this.callsPaused);
    if (this.abandoned) runner.abandon();
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    return this.runners.get(lane)?.take(batch);
  }

  async drain(lane: Lane): Promise<void> {
    const runner = this.runners.get(lane);
    runner?.quiet();
    await runner?.drained();
  }

  /** Too late once it is quiet: what nobody brings back is handled to the end. */
  pause(): void {
    if (this.quieted) return;
    this.paused = true;
    for (const runner of this.runners.values()) runner.pause();
  }

  resume(): void {
    this.paused = false;
    for (const runner of this.runners.values()) runner.resume();
  }

  /** @param callsPaused what nobody brings back is handled to the end, although it is paused */
  quiet(callsPaused = true): void {
    this.quieted = true;
    this.callsPaused = callsPaused;
    for (const runner of this.runners.values()) runner.quiet(callsPaused);
  }

  async drained(): Promise<void> {
    await Promise.all([...this.runners.values()].map((runner) => runner.drained()));
  }

  /** Gives up what still runs; returns what that was. */
  abandon(): readonly string[] {
    this.abandoned = true;
    return [...this.runners.values()].flatMap((runner) => runner.abandon());
  }

  /** Its handlers may still run, but nothing of theirs counts here any more; a drain waits for them all the same. */
  private async forget(lane: Lane): Promise<void> {
    await this.runners.get(lane)?.drained();
    this.runners.delete(lane);
    this.shareWindow();
  }

  private shareWindow(): void {
    const share = Math.min(MAX_UNSETTLED, Math.max(SMALLEST_WINDOW, Math.floor(WINDOW / this.runners.size)));
    // What settles by hand may wait for a number of messages before it does: a window that shrinks would stop it.
    for (const runner of this.runners.values()) if (runner.binding.ack !== 'manual') runner.window = share;
  }
}

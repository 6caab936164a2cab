import { type Binding, type DeliveryHost, DeliverySink, handlersOf, type WaitingLane } from '../delivery/index.js';
import type { Driver, Intake } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { LazyAbortController, onAbort, untilAborted } from '../async/index.js';
import { stopped } from './on-demand.js';

/** Stops fetching first, so that messages still on their way to this client are handed back as well. */
async function closeLate(intake: Intake): Promise<void> {
  await intake.stopFetching();
  await intake.close();
}

/** A loop that takes the messages of a subscription one by one. */
export interface Puller {
  /** The subscription is being stopped, or was abandoned. */
  end(): void;
}

/** A running subscription: a driver's intake and delivery's sink for a set of bindings, stopped in phases. */
export class ActiveSource {
  private readonly sink: DeliverySink;
  /** Where a loop pulls the messages: a stop ends it, and what it has not asked for is not handled. */
  puller: Puller | undefined;
  private readonly startAbort = new LazyAbortController();
  private intake: Intake | undefined;
  private starting = false;
  /** Messages are taken, but no handler is called before {@link release}. */
  private held = false;
  private stoppingReading: Promise<void> | undefined;
  private flushing: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    readonly bindings: readonly Binding[],
    private readonly host: DeliveryHost,
  ) {
    this.sink = new DeliverySink(bindings, host);
  }

  /** Number of messages taken and not yet settled. */
  get taken(): number {
    return this.sink.taken;
  }

  /** Number of lanes on which a handler runs, plus one while the subscription is starting. */
  get moving(): number {
    return this.sink.moving + (this.starting ? 1 : 0);
  }

  /** Reasons why reading has stalled, one sentence each. */
  get healthIssues(): readonly string[] {
    return this.sink.healthIssues;
  }

  /** Conditions that are worth knowing but no fault, one sentence each. */
  get notes(): readonly string[] {
    const paused = this.bindings.flatMap(handlersOf).filter((binding) => this.sink.isPaused(binding));
    return [...paused.map((binding) => this.pausedNote(binding)), ...this.sink.notes];
  }

  /** Whether the server is being read and handlers are called. */
  get reads(): boolean {
    return this.intake !== undefined && !this.held && this.stoppingReading === undefined;
  }

  /** Whether this handler is not called: it is paused, or another one that shares its source. */
  isPaused(handler: Binding): boolean {
    return this.bindings.some((binding) => handlersOf(binding).includes(handler) && this.sink.isPaused(binding));
  }

  /** Number of messages of one binding that are taken and not yet settled. */
  takenOf(binding: Binding): number {
    return this.sink.takenOf(binding);
  }

  /** See {@link Intake.lag}; undefined, too, while the subscription is starting. */
  async lag(handler: Binding, signal: AbortSignal): Promise<number | undefined> {
    const read = this.bindings.find((binding) => handlersOf(binding).includes(handler));
    return read && this.intake?.lag?.(read.source, signal);
  }

  /** The lanes with messages that wait for their handler. */
  waiting(): readonly WaitingLane[] {
    return this.sink.waiting();
  }

  /** Resolves once every source reads. If one fails, none reads and the promise rejects. */
  async start(driver: Driver, signal: AbortSignal): Promise<void> {
    const cut = (): void => this.startAbort.abort(() => signal.reason as unknown);
    if (signal.aborted) cut();
    const forget = onAbort(signal, cut);
    this.starting = true;
    try {
      this.intake = await this.subscribe(driver);
    } catch (thrown) {
      this.sink.stopCalling(false);
      this.sink.abandon();
      throw thrown;
    } finally {
      this.starting = false;
      forget();
    }
  }

  /** Takes messages, but calls no handler before {@link release}. */
  hold(): void {
    this.held = true;
    this.sink.hold();
  }

  release(): void {
    this.held = false;
    this.sink.release();
  }

  /** Paused by the user: `Subscription.pause()`, or `HandlerHandle.pause()` for one of its bindings. */
  pause(bindings = this.bindings): void {
    this.sink.pause(bindings);
  }

  resume(bindings = this.bindings): void {
    this.sink.resume(bindings);
  }

  /**
   * Phase 1: takes no further message and calls no further handler. Cancels a subscription that is still starting.
   *
   * @param rollsBack the start has failed: a paused handler is not called, even if its messages are not redelivered
   */
  stopReading(rollsBack = false): Promise<void> {
    this.stoppingReading ??= this.runStopReading(rollsBack);
    return this.stoppingReading;
  }

  /** Phase 2: resolves when handlers, their publishes and settlements have finished. */
  drained(): Promise<void> {
    return this.sink.drained();
  }

  /** Abandons the handlers that still run, and returns their names. */
  abandon(): readonly string[] {
    this.puller?.end();
    return this.sink.abandon();
  }

  /** Phase 3: resolves when the server has every settlement. */
  flush(): Promise<void> {
    this.flushing ??= this.guard((intake) => intake.flush());
    return this.flushing;
  }

  /** Phase 4: unsubscribes; unsettled messages go back to the server. */
  close(): Promise<void> {
    this.closing ??= this.guard((intake) => intake.close());
    return this.closing;
  }

  private pausedNote(binding: Binding): string {
    const { handler, source } = binding;
    const own = this.sink.waiting().filter((lane) => handlersOf(lane.binding).includes(binding));
    const waiting = own.reduce((sum, { messages }) => sum + messages, 0);
    return `${handler} is paused: nothing of ${source.name} is handled before resume(); ${String(waiting)} message(s) wait`;
  }

  private async runStopReading(rollsBack: boolean): Promise<void> {
    const { puller } = this;
    puller?.end();
    if (puller !== undefined) this.pause();
    this.sink.stopCalling(!rollsBack && puller === undefined);
    if (this.intake === undefined) this.startAbort.abort(stopped);
    await this.guard((intake) => intake.stopFetching());
  }

  /** Does not wait for a driver that ignores the signal; an intake that it still opens is closed at once. */
  private async subscribe(driver: Driver): Promise<Intake> {
    const { signal } = this.startAbort;
    const sources = this.bindings.map(({ source }) => source);
    const subscribing = driver.subscribe(sources, this.sink, signal);
    try {
      return await untilAborted(subscribing, signal);
    } catch (thrown) {
      void subscribing.then(closeLate).catch(() => undefined);
      throw thrown;
    }
  }

  /** One broker that fails to stop must not keep the others from stopping. */
  private async guard(phase: (intake: Intake) => Promise<void>): Promise<void> {
    try {
      if (this.intake !== undefined) await phase(this.intake);
    } catch (thrown) {
      this.host.log.error(`Broker '${this.host.broker.name}' failed to stop cleanly`, asError(thrown));
    }
  }
}

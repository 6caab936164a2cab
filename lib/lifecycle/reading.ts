import { type Binding, type DeliveryHost, DeliverySink, type WaitingLane } from '../delivery/index.js';
import type { Driver, Intake } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { untilAborted } from './deadline.js';
import { stopped } from './stopped.js';

/** As a stop does: what was asked for and is still on its way goes back, too. */
async function leaveLate(intake: Intake): Promise<void> {
  await intake.quiet();
  await intake.close();
}

/** What one broker reads for a set of bindings: the driver's intake and delivery's sink, stopped in phases. */
export class Reading {
  private readonly sink: DeliverySink;
  private readonly beginning = new AbortController();
  private intake: Intake | undefined;
  private begins = false;
  /** No handler is called yet. */
  private held = false;
  /** By the user. */
  private paused = false;
  private quieting: Promise<void> | undefined;
  private flushing: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    readonly bindings: readonly Binding[],
    private readonly host: DeliveryHost,
  ) {
    this.sink = new DeliverySink(bindings, host);
  }

  /** Messages taken and not settled. */
  get taken(): number {
    return this.sink.taken;
  }

  /** Lanes on which a handler runs; while it begins, itself too. */
  get moving(): number {
    return this.sink.moving + (this.begins ? 1 : 0);
  }

  /** Why what is read stands, a sentence each. */
  get healthIssues(): readonly string[] {
    return this.sink.healthIssues;
  }

  /** What is worth knowing and no fault, a sentence each. */
  get notes(): readonly string[] {
    return this.paused
      ? [...this.bindings.map((binding) => this.pausedNote(binding)), ...this.sink.notes]
      : this.sink.notes;
  }

  /** Messages of each lane that wait for their handler. */
  waiting(): readonly WaitingLane[] {
    return this.sink.waiting();
  }

  /** Resolves when every source reads; rejects with none of them reading. */
  async begin(driver: Driver, signal: AbortSignal): Promise<void> {
    const cut = (): void => {
      this.beginning.abort(signal.reason);
    };
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    this.begins = true;
    try {
      this.intake = await this.subscribe(driver);
    } catch (thrown) {
      this.sink.quiet(!this.paused);
      this.sink.abandon();
      throw thrown;
    } finally {
      this.begins = false;
      signal.removeEventListener('abort', cut);
    }
  }

  /** Calls no handler before {@link release}. */
  hold(): void {
    this.held = true;
    this.sink.pause();
  }

  release(): void {
    this.held = false;
    if (!this.paused) this.sink.resume();
  }

  pause(): void {
    this.paused = true;
    this.sink.pause();
  }

  resume(): void {
    this.paused = false;
    if (!this.held) this.sink.resume();
  }

  /**
   * Phase 1: no further message is taken, no further handler begun. What has not begun yet does not begin.
   *
   * @param rollsBack a start has failed: what is paused is not called, though nobody brings its messages back
   */
  quiet(rollsBack = false): Promise<void> {
    this.quieting ??= this.runQuiet(rollsBack);
    return this.quieting;
  }

  /** Phase 2: resolves when handlers, their publishes and settlements are over. */
  drained(): Promise<void> {
    return this.sink.drained();
  }

  /** Gives up what still runs; returns what that was. */
  abandon(): readonly string[] {
    return this.sink.abandon();
  }

  /** Phase 3: the server knows every settlement. */
  flush(): Promise<void> {
    this.flushing ??= this.guard((intake) => intake.flush());
    return this.flushing;
  }

  /** Phase 4: leaves; what is unsettled goes back. */
  close(): Promise<void> {
    this.closing ??= this.guard((intake) => intake.close());
    return this.closing;
  }

  private pausedNote({ handler, source }: Binding): string {
    const waiting = this.sink.waiting().reduce((sum, { messages }) => sum + messages, 0);
    return `${handler} is paused: nothing of ${source.name} is handled before resume(); ${String(waiting)} message(s) wait`;
  }

  private async runQuiet(rollsBack: boolean): Promise<void> {
    this.sink.quiet(!(rollsBack && this.paused));
    if (this.intake === undefined) this.beginning.abort(stopped());
    await this.guard((intake) => intake.quiet());
  }

  /** A driver that does not heed the signal is not waited for; what it opens all the same is left again. */
  private async subscribe(driver: Driver): Promise<Intake> {
    const { signal } = this.beginning;
    const sources = this.bindings.map(({ source }) => source);
    const subscribing = driver.subscribe(sources, this.sink, signal);
    try {
      return await untilAborted(subscribing, signal);
    } catch (thrown) {
      void subscribing.then(leaveLate).catch(() => undefined);
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

import { type Binding, type DeliveryHost, DeliverySink } from '../delivery/index.js';
import type { Driver, Intake } from '../driver/index.js';
import { asError } from '../errors/index.js';

/** What one broker reads for a set of bindings: the driver's intake and delivery's sink, stopped in phases. */
export class Reading {
  private readonly sink: DeliverySink;
  private intake: Intake | undefined;

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

  /** Resolves when every source reads; rejects with none of them reading. */
  async begin(driver: Driver, signal: AbortSignal): Promise<void> {
    const sources = this.bindings.map(({ source }) => source);
    this.intake = await driver.subscribe(sources, this.sink, signal);
  }

  pause(): void {
    this.sink.pause();
  }

  resume(): void {
    this.sink.resume();
  }

  /** Phase 1: no further message is taken, no further handler begun. */
  async quiet(): Promise<void> {
    this.sink.quiet();
    await this.guard(this.intake?.quiet());
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
  async flush(): Promise<void> {
    await this.guard(this.intake?.flush());
  }

  /** Phase 4: leaves; what is unsettled goes back. */
  async close(): Promise<void> {
    await this.guard(this.intake?.close());
    this.intake = undefined;
  }

  /** All phases, for one subscription alone. */
  async stop(): Promise<void> {
    await this.quiet();
    await this.drained();
    await this.flush();
    await this.close();
  }

  /** One broker that fails to stop must not keep the others from stopping. */
  private async guard(phase: Promise<void> | undefined): Promise<void> {
    try {
      await phase;
    } catch (thrown) {
      this.host.log.error(`Broker '${this.host.broker.name}' failed to stop cleanly`, asError(thrown));
    }
  }
}

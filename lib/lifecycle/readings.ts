import type { Binding, DeliveryHost, WaitingLane } from '../delivery/index.js';
import type { BrokerDefinition, Driver } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { BrokerHost } from './broker-host.js';
import { Reading } from './reading.js';
import { stopReading } from './stop-phases.js';

/** All that one broker reads: kept from before it begins until it has left, so that a stop finds it. */
export class Readings implements Iterable<Reading> {
  private readonly all = new Set<Reading>();
  /** Those that take messages and call no handler yet. */
  private readonly held = new Set<Reading>();

  constructor(
    private readonly definition: BrokerDefinition,
    private readonly host: BrokerHost,
    private readonly delivery: DeliveryHost,
  ) {}

  [Symbol.iterator](): Iterator<Reading> {
    return this.all[Symbol.iterator]();
  }

  /** Whether it has begun, or is beginning, and nobody has left it. */
  has(reading: Reading): boolean {
    return this.all.has(reading);
  }

  /** Messages taken and not settled. */
  get taken(): number {
    let taken = 0;
    for (const reading of this.all) taken += reading.taken;
    return taken;
  }

  /** Lanes on which a handler runs, and readings that begin. */
  get moving(): number {
    let moving = 0;
    for (const reading of this.all) moving += reading.moving;
    return moving;
  }

  /** Why what is read stands, a sentence each. */
  get healthIssues(): readonly string[] {
    return [...this.all].flatMap(({ healthIssues }) => healthIssues);
  }

  /** What is worth knowing and no fault, a sentence each. */
  get notes(): readonly string[] {
    return [...this.all].flatMap(({ notes }) => notes);
  }

  /** Messages that wait for their handler. */
  waiting(): readonly WaitingLane[] {
    return [...this.all].flatMap((reading) => reading.waiting());
  }

  /** Of what is read now. */
  get bindings(): readonly Binding[] {
    return [...this.all].flatMap(({ bindings }) => bindings);
  }

  /**
   * Resolves when every source reads; rejects with none of them reading.
   *
   * @param prepare called before it begins
   */
  async begin(
    driver: Driver | undefined,
    bindings: readonly Binding[],
    signal: AbortSignal,
    prepare?: (reading: Reading) => void,
  ): Promise<Reading> {
    if (driver === undefined) throw this.notConnected();
    const reading = new Reading(bindings, this.delivery);
    prepare?.(reading);
    return this.run(reading, driver, signal);
  }

  /** The same; messages are taken, and no handler is called before {@link letHandlersBegin}. */
  async beginHeld(driver: Driver | undefined, bindings: readonly Binding[], signal: AbortSignal): Promise<Reading> {
    if (driver === undefined) throw this.notConnected();
    const reading = new Reading(bindings, this.delivery);
    reading.hold();
    this.held.add(reading);
    return this.run(reading, driver, signal);
  }

  letHandlersBegin(): void {
    for (const reading of this.held) reading.release();
    this.held.clear();
  }

  /** Throws for a source whose messages another reading would take, or a handler that is to read yet. */
  refuseClash(binding: Binding): void {
    const { name: broker } = this.definition;
    const claims = this.host.claims().filter((other) => other.broker === broker);
    for (const other of [...this.bindings, ...claims]) {
      const why = this.definition.clash(other.source, binding.source);
      if (why === undefined) continue;
      const what = `${binding.source.name} on broker '${broker}' is ${other.handler}'s too: ${why}`;
      throw new MultiBrokerError('MULTI_BROKER_SOURCE_CLASH', what, { broker, handler: binding.handler });
    }
  }

  /** Bounded: a handler that stops its own subscription would wait for itself. */
  async leave(reading: Reading): Promise<void> {
    if (!this.all.has(reading)) return;
    const { stopDeadline, io } = this.host;
    await stopReading(reading, stopDeadline, io.log);
    this.forget(reading);
  }

  /** Leaves what is read for these bindings. */
  async leaveAll(bindings: readonly Binding[]): Promise<void> {
    const begun = [...this.all].filter((reading) => reading.bindings.some((one) => bindings.includes(one)));
    await Promise.all(begun.map((reading) => this.leave(reading)));
  }

  /** All have been closed. */
  clear(): void {
    this.all.clear();
    this.held.clear();
  }

  private async run(reading: Reading, driver: Driver, signal: AbortSignal): Promise<Reading> {
    this.all.add(reading);
    try {
      await reading.begin(driver, signal);
      return reading;
    } catch (thrown) {
      this.forget(reading);
      throw thrown;
    }
  }

  private forget(reading: Reading): void {
    this.all.delete(reading);
    this.held.delete(reading);
  }

  private notConnected(): MultiBrokerError {
    const { name: broker } = this.definition;
    const what = `Broker '${broker}' is not connected, so it cannot read`;
    return new MultiBrokerError('MULTI_BROKER_NOT_CONNECTED', what, { broker });
  }
}

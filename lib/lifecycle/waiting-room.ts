import type { Binding } from '../delivery/index.js';
import { type Clock, LazyAbortController, type Log, sleep } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { allOf, comingBy, Grace } from './grace.js';
import type { ManagedBroker } from './managed-broker.js';
import { readNow } from './start-phases.js';
import { stopped } from './stopped.js';

/** How long a source that could not begin waits before it is tried again. */
const AGAIN_MS = 2_000;

/**
 * Bindings whose source holds: their broker, or one that they publish to, is not up yet. Reading what cannot be
 * passed on is how peers lose messages while a target is late.
 */
export class WaitingRoom {
  private readonly waiting = new Set<Binding>();
  /** Those that are tried again and again. */
  private readonly trying = new Set<Binding>();
  /** Of these, what was subscribed by hand is. */
  private tryingByHand = new Set<ManagedBroker>();
  private closing = new LazyAbortController();

  constructor(
    private readonly brokers: ReadonlyMap<string, ManagedBroker>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** For a start. */
  open(): void {
    this.closing = new LazyAbortController();
    this.tryingByHand = new Set();
  }

  /** Those that may begin now; the others are kept. */
  admit(bindings: readonly Binding[]): readonly Binding[] {
    for (const binding of bindings) this.waiting.add(binding);
    return this.takeReady();
  }

  /**
   * A broker has come up: begins what waited for it, in the background, until it reads. As at a start, what was
   * subscribed by hand comes first.
   */
  look(): void {
    const byHand = [...this.brokers.values()].filter(({ byHand: { waits }, connection: { driver } }) => {
      return waits && driver !== undefined;
    });
    if (byHand.length === 0) void this.keepTrying(this.takeReady());
    else void this.beginAfter(byHand);
  }

  /** Begins those that may begin now, once; the others are kept. @throws BrokerStartError */
  async begin(bindings: readonly Binding[]): Promise<void> {
    const ready = bindings.filter((binding) => this.isReady(binding));
    await this.read(ready);
    for (const binding of bindings) if (!ready.includes(binding)) this.waiting.add(binding);
    // What they wait for may have come up meanwhile.
    this.look();
  }

  /** Tries until all of them read, or the room is closed. Never rejects. `tried` is called after each try. */
  async keepTrying(bindings: readonly Binding[], tried = (): void => undefined): Promise<void> {
    if (bindings.length === 0) return;
    const { signal } = this.closing;
    for (const binding of bindings) this.trying.add(binding);
    let left = bindings;
    while (left.length > 0 && !signal.aborted) {
      left = await this.tryOnce(left);
      tried();
      if (left.length > 0) await sleep(this.clock, AGAIN_MS, signal);
    }
  }

  /** The same for what was subscribed by hand to a broker that is up. */
  async keepTryingByHand(broker: ManagedBroker, tried = (): void => undefined): Promise<void> {
    const { tryingByHand: trying } = this;
    const { signal } = this.closing;
    if (trying.has(broker)) return;
    trying.add(broker);
    let waits = broker.byHand.waits;
    while (waits && !signal.aborted) {
      waits = await this.tryByHand(broker, signal);
      tried();
      if (waits) await sleep(this.clock, AGAIN_MS, signal);
    }
    trying.delete(broker);
  }

  /** Handlers of which a source does not read yet. */
  handlers(): readonly string[] {
    return [...new Set([...this.waiting, ...this.trying].map(({ handler }) => handler))];
  }

  /** Nothing begins any more. */
  close(): void {
    this.closing.abort(stopped);
    this.waiting.clear();
    this.trying.clear();
  }

  private async beginAfter(byHand: readonly ManagedBroker[]): Promise<void> {
    const { signal } = this.closing;
    const tried = allOf(byHand.map((broker) => comingBy((once) => this.keepTryingByHand(broker, once)))).tried;
    await new Grace(this.clock, signal, false).waitFor({ all: tried, tried });
    if (!signal.aborted) await this.keepTrying(this.takeReady());
  }

  /** Returns whether something does not read yet. */
  private async tryByHand(broker: ManagedBroker, signal: AbortSignal): Promise<boolean> {
    try {
      await broker.readByHandAgain(signal);
    } catch (thrown) {
      if (signal.aborted) return false;
      const why = asError(thrown).message;
      this.log.warn(`A subscription to '${broker.name}' does not begin yet, and is tried again: ${why}`);
    }
    return broker.byHand.waits;
  }

  private takeReady(): Binding[] {
    const ready = [...this.waiting].filter((binding) => this.isReady(binding));
    for (const binding of ready) this.waiting.delete(binding);
    return ready;
  }

  private isReady({ broker, routes }: Binding): boolean {
    return [broker, ...routes.map((route) => route.broker)].every((name) => {
      return this.brokers.get(name)?.connection.driver !== undefined;
    });
  }

  /** Returns those that do not read yet. */
  private async tryOnce(bindings: readonly Binding[]): Promise<readonly Binding[]> {
    try {
      await this.read(bindings);
    } catch (thrown) {
      if (this.closing.aborted) return [];
      this.log.warn(`Sources do not begin yet, and are tried again: ${asError(thrown).message}`);
    }
    const reading = new Set([...this.brokers.values()].flatMap(({ readings }) => readings.bindings));
    for (const binding of bindings) if (reading.has(binding)) this.trying.delete(binding);
    return bindings.filter((binding) => !reading.has(binding));
  }

  private read(bindings: readonly Binding[]): Promise<void> {
    return readNow([...this.brokers.values()], bindings, this.closing.signal);
  }
}

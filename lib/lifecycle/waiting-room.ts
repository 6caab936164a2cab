import type { Binding } from '../delivery/index.js';
import { type Clock, type Log, sleep } from '../driver/index.js';
import { asError } from '../errors/index.js';
import type { ManagedBroker } from './managed-broker.js';
import { readAll } from './start-phases.js';

/** How long a source that could not begin waits before it is tried again. */
const AGAIN_MS = 2_000;

/**
 * Bindings whose source holds: their broker, or one that they publish to, is not up yet. Reading what cannot be
 * passed on is how peers lose messages while a target is late.
 */
export class WaitingRoom {
  private readonly waiting = new Set<Binding>();
  private closing = new AbortController();
  private looking: Promise<void> | undefined;

  constructor(
    private readonly brokers: ReadonlyMap<string, ManagedBroker>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Those that may begin now; the others are kept. */
  admit(bindings: readonly Binding[]): readonly Binding[] {
    this.closing = new AbortController();
    for (const binding of bindings) this.waiting.add(binding);
    return this.takeReady();
  }

  add(bindings: readonly Binding[]): void {
    for (const binding of bindings) this.waiting.add(binding);
  }

  /** A broker has come up: begins what waited for it, in the background, until it reads. */
  look(): void {
    this.looking ??= this.beginReady().finally(() => {
      this.looking = undefined;
    });
  }

  /** Begins what is ready, once. @throws BrokerStartError */
  async settle(): Promise<void> {
    await this.looking;
    await this.begin(this.takeReady());
  }

  handlers(): readonly string[] {
    return [...new Set([...this.waiting].map(({ handler }) => handler))];
  }

  /** Nothing begins any more. */
  close(): void {
    this.closing.abort();
    this.waiting.clear();
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

  private async beginReady(): Promise<void> {
    const { signal } = this.closing;
    for (let ready = this.takeReady(); ready.length > 0 && !signal.aborted; ready = this.takeReady()) {
      try {
        await this.begin(ready);
      } catch (thrown) {
        this.log.warn(`Sources that waited for a broker do not begin yet: ${asError(thrown).message}`);
        await sleep(this.clock, AGAIN_MS, signal);
      }
    }
  }

  private async begin(bindings: readonly Binding[]): Promise<void> {
    try {
      await readAll([...this.brokers.values()], bindings, this.closing.signal);
    } catch (thrown) {
      const reading = [...this.brokers.values()].flatMap(({ readings }) =>
        [...readings].flatMap((one) => one.bindings),
      );
      this.add(bindings.filter((binding) => !reading.includes(binding)));
      throw thrown;
    }
  }
}

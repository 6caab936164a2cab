import { sleep, type DestinationSpec, type Driver, type Io, type Outcome, type Outgoing } from '../driver/index.js';
import type { Incoming, Intake, Sink, SourceSpec } from '../driver/index.js';
import { PublishError } from '../errors/index.js';
import type { Connected, Faults } from './faults.js';

/** Told that writes are held up; what it returns is called when they go on. */
export type Delayed = (to: DestinationSpec, batch: readonly Outgoing[], dueAt: number) => () => void;

/** A driver of any kind with the faults of its broker's script. */
export class FaultyDriver implements Driver, Connected {
  readonly #readings = new Set<Reading>();
  readonly request?: NonNullable<Driver['request']>;
  readonly ailments?: NonNullable<Driver['ailments']>;
  #io: Io | undefined;
  #down = false;

  constructor(
    private readonly inner: Driver,
    private readonly faults: Faults,
    private readonly delayed: Delayed,
  ) {
    // Delivery asks whether there is one.
    if ('request' in inner) this.request = (to, message, signal) => this.#request(to, message, signal);
    if ('ailments' in inner) this.ailments = () => inner.ailments?.() ?? [];
  }

  async connect(io: Io, signal: AbortSignal): Promise<void> {
    if (this.faults.takesStart()) throw new Error('connect ECONNREFUSED (scripted by failStart)');
    await this.inner.connect(io, signal);
    this.#io = io;
    this.faults.connected(this);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const open = (by: AbortSignal): Promise<Intake> => this.inner.subscribe(sources, sink, by);
    const reading: Reading = new Reading(open, () => this.#readings.delete(reading));
    if (!this.#down) await reading.open(signal);
    this.#readings.add(reading);
    return reading;
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    await this.#slowly(to, batch);
    // A batch stays one: drivers place messages without a key by it.
    if (!this.#down && !this.faults.failsPublishes) return this.inner.publish(to, batch);
    const outcomes: Outcome[] = [];
    for (const message of batch) outcomes.push(await this.#write(to, message));
    return outcomes;
  }

  async close(): Promise<void> {
    this.faults.connected(undefined);
    await this.inner.close();
  }

  native(): unknown {
    return this.inner.native();
  }

  async drop(): Promise<void> {
    if (this.#down) return;
    this.#down = true;
    this.#io?.state('reconnecting', new Error('connection closed (scripted by dropConnection)'));
    await Promise.all([...this.#readings].map((reading) => reading.lose()));
  }

  async restore(): Promise<void> {
    if (!this.#down) return;
    this.#down = false;
    await Promise.all([...this.#readings].map((reading) => reading.open(new AbortController().signal)));
    this.#io?.state('up');
  }

  after(ms: number, then: () => void): void {
    this.#io?.clock.after(ms, then, 'connection comes back');
  }

  async #slowly(to: DestinationSpec, batch: readonly Outgoing[]): Promise<void> {
    const { slowMs } = this.faults;
    if (slowMs <= 0 || this.#io === undefined) return;
    const { clock } = this.#io;
    const goOn = this.delayed(to, batch, clock.now() + slowMs);
    await sleep(clock, slowMs, new AbortController().signal, 'publish');
    goOn();
  }

  async #write(to: DestinationSpec, message: Outgoing): Promise<Outcome> {
    if (this.#down) return { error: this.#notConnected(to) };
    const fault = this.faults.takePublish(to.address);
    if (fault === 'no') return { error: this.#unconfirmed(to, fault) };
    const [outcome] = await this.inner.publish(to, [message]);
    if (fault === 'maybe') return { error: this.#unconfirmed(to, fault) };
    return outcome ?? { error: this.#unconfirmed(to, 'maybe') };
  }

  async #request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    if (this.#down) throw this.#notConnected(to);
    const answer = await this.inner.request?.(to, message, signal);
    if (answer === undefined) throw new TypeError('The driver has no request()');
    return answer;
  }

  #notConnected(to: DestinationSpec): PublishError {
    const what = `Broker '${this.#broker}' has no connection; ${to.name} was not written`;
    return new PublishError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.#broker, written: 'no' });
  }

  #unconfirmed(to: DestinationSpec, written: 'no' | 'maybe'): PublishError {
    const what = `Broker '${this.#broker}' did not confirm ${to.name} (scripted by failPublish)`;
    return new PublishError('MULTI_BROKER_PUBLISH_UNCONFIRMED', what, { broker: this.#broker, written });
  }

  get #broker(): string {
    return this.#io?.broker ?? '';
  }
}

/** What one subscribe reads, over connections that come and go. */
class Reading implements Intake {
  #inner: Intake | undefined;
  #ended = false;

  constructor(
    private readonly begin: (signal: AbortSignal) => Promise<Intake>,
    private readonly closed: () => void,
  ) {}

  async open(signal: AbortSignal): Promise<void> {
    if (!this.#ended) this.#inner = await this.begin(signal);
  }

  /** Its lanes end; what is unsettled comes again. */
  async lose(): Promise<void> {
    const inner = this.#inner;
    this.#inner = undefined;
    await inner?.close();
  }

  async quiet(): Promise<void> {
    this.#ended = true;
    await this.#inner?.quiet();
  }

  async flush(): Promise<void> {
    await this.#inner?.flush();
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.closed();
    await this.#inner?.close();
  }
}

import { sleep, type DestinationSpec, type Driver, type Io, type Outcome, type Outgoing } from '../driver/index.js';
import type { Incoming, Intake, Sink, SourceSpec } from '../driver/index.js';
import { PublishError } from '../errors/index.js';
import type { Connected, CrashPoint, Faults } from './faults.js';
import { FaultyReading } from './faulty-reading.js';
import type { Script } from './faulty-sink.js';
import type { Mortal, ProcessLife } from './process-life.js';

/** What a driver with faults belongs to. */
export interface FaultyHost {
  readonly faults: Faults;
  /** All brokers of a module have one. */
  readonly process: ProcessLife;
  /** Told that writes are held up; what it returns is called when they go on. */
  delayed(to: DestinationSpec, batch: readonly Outgoing[], dueAt: number): () => void;
}

/** A driver of any kind with the faults of its broker's script. */
export class FaultyDriver implements Driver, Connected, Mortal {
  readonly #readings = new Set<FaultyReading>();
  readonly request?: NonNullable<Driver['request']>;
  readonly ailments?: NonNullable<Driver['ailments']>;
  readonly #script: Script;
  /** Of the process; this connection has no other. */
  readonly #life: AbortSignal;
  #io: Io | undefined;
  #down = false;
  #stopWaiting: (() => void) | undefined;
  backAt: number | undefined;
  #released: (() => void) | undefined;

  constructor(
    private readonly inner: Driver,
    private readonly host: FaultyHost,
  ) {
    const { faults } = host;
    this.#life = host.process.now;
    this.#script = {
      survives: () => this.#survives('before-settle'),
      get duplicates() {
        return faults.duplicates;
      },
      takesDuplicate: () => faults.takesDuplicate(),
    };
    // Delivery asks whether there is one.
    if (inner.request !== undefined) this.request = (to, message, signal) => this.#request(to, message, signal);
    if (inner.ailments !== undefined) this.ailments = () => inner.ailments?.() ?? [];
  }

  async connect(io: Io, signal: AbortSignal): Promise<void> {
    this.#life.throwIfAborted();
    if (this.host.faults.takesStart()) throw new Error('connect ECONNREFUSED (scripted by failStart)');
    await this.inner.connect(io, signal);
    this.#io = io;
    this.host.faults.connected(this);
    this.#released = this.host.process.holds(this);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const begin = (own: Sink, by: AbortSignal): Promise<Intake> => this.inner.subscribe(sources, own, by);
    const closed = (): void => void this.#readings.delete(reading);
    const reading: FaultyReading = new FaultyReading(begin, closed, sink, this.#script);
    this.#life.throwIfAborted();
    if (!this.#down) await reading.open(signal);
    if (this.#life.aborted) await reading.lose(this.#life.reason as Error);
    this.#life.throwIfAborted();
    this.#readings.add(reading);
    return reading;
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    await this.#slowly(to, batch);
    if (!this.#survives('before-publish')) return batch.map(() => ({ error: this.#cutOff(to, 'no') }));
    const outcomes = await this.#writeAll(to, batch);
    const alive = outcomes.some(isWritten) ? this.#survives('after-publish') : !this.#life.aborted;
    return alive ? outcomes : outcomes.map((one) => ({ error: this.#cutOff(to, isWritten(one) ? 'maybe' : 'no') }));
  }

  async close(): Promise<void> {
    this.#released?.();
    this.#stopWaiting?.();
    this.host.faults.closed(this);
    await this.inner.close();
  }

  native(): unknown {
    return this.inner.native();
  }

  async drop(): Promise<void> {
    if (this.#down || this.#life.aborted) return;
    this.#down = true;
    const why = new Error('connection closed (scripted by dropConnection)');
    this.#io?.state('reconnecting', why);
    await Promise.all([...this.#readings].map((reading) => reading.lose(why)));
  }

  async restore(): Promise<void> {
    this.comesBackIn(undefined);
    if (!this.#down || this.#life.aborted) return;
    this.#down = false;
    await Promise.all([...this.#readings].map((reading) => reading.open(this.#life)));
    // It may have died meanwhile.
    if (this.#isAlive()) this.#io?.state('up');
  }

  comesBackIn(ms: number | undefined): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.backAt = undefined;
    if (ms === undefined || this.#io === undefined) return;
    const { clock } = this.#io;
    this.backAt = clock.now() + ms;
    this.#stopWaiting = clock.after(ms, () => void this.restore(), 'connection comes back');
  }

  die(reason: Error): void {
    this.comesBackIn(undefined);
    for (const reading of this.#readings) void reading.lose(reason).catch(() => undefined);
    this.#io?.state('lost', reason);
  }

  #isAlive(): boolean {
    return !this.#life.aborted;
  }

  /** Whether the process is alive after this point. */
  #survives(point: CrashPoint): boolean {
    if (!this.#life.aborted && this.host.faults.takesCrash(point)) {
      const what = `The process has crashed (scripted by crashAt '${point}' of broker '${this.#broker}')`;
      this.host.process.end(new Error(what));
    }
    return !this.#life.aborted;
  }

  async #slowly(to: DestinationSpec, batch: readonly Outgoing[]): Promise<void> {
    const { slowMs } = this.host.faults;
    if (slowMs <= 0 || this.#io === undefined) return;
    const { clock } = this.#io;
    const goOn = this.host.delayed(to, batch, clock.now() + slowMs);
    await sleep(clock, slowMs, this.#life, 'publish');
    goOn();
  }

  async #writeAll(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    // A batch stays one: drivers place messages without a key by it.
    if (!this.#down && !this.host.faults.failsPublishes) return this.inner.publish(to, batch);
    const outcomes: Outcome[] = [];
    const behind = new Map<string | undefined, PublishError>();
    for (const message of batch) {
      const before = behind.get(nameOf(message.key));
      const outcome = before === undefined ? await this.#write(to, message) : { error: this.#leftBehind(to, before) };
      outcomes.push(outcome);
      if ('error' in outcome && outcome.error.retryable) behind.set(nameOf(message.key), outcome.error);
    }
    return outcomes;
  }

  async #write(to: DestinationSpec, message: Outgoing): Promise<Outcome> {
    if (this.#life.aborted) return { error: this.#cutOff(to, 'no') };
    if (this.#down) return { error: this.#notConnected(to) };
    const fault = this.host.faults.takePublish(to.address);
    if (fault === 'no') return { error: this.#unconfirmed(to, fault) };
    const [outcome] = await this.inner.publish(to, [message]);
    if (fault === 'maybe') return { error: this.#unconfirmed(to, fault) };
    return outcome ?? { error: this.#unconfirmed(to, 'maybe') };
  }

  async #request(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    if (!this.#survives('before-publish')) throw this.#cutOff(to, 'no');
    if (this.#down) throw this.#notConnected(to);
    const asked = this.inner.request?.(to, message, AbortSignal.any([signal, this.#life]));
    // It is on its way by now, and its answer is not.
    this.#survives('after-publish');
    try {
      const answer = await asked;
      if (answer === undefined) throw new TypeError('The driver has no request()');
      if (!this.#life.aborted) return answer;
    } catch (thrown) {
      if (!this.#life.aborted) throw thrown;
    }
    throw this.#cutOff(to, 'maybe');
  }

  #cutOff(to: DestinationSpec, written: 'no' | 'maybe'): PublishError {
    const { message } = this.#life.reason as Error;
    const what = `${to.name} of broker '${this.#broker}' was not confirmed. ${message}`;
    return new PublishError('MULTI_BROKER_STOPPED', what, { broker: this.#broker, written });
  }

  #notConnected(to: DestinationSpec): PublishError {
    const what = `Broker '${this.#broker}' has no connection; ${to.name} was not written`;
    return new PublishError('MULTI_BROKER_NOT_CONNECTED', what, { broker: this.#broker, written: 'no' });
  }

  /** As a real driver keeps the order: what stands behind a message that is tried again is not written before it. */
  #leftBehind(to: DestinationSpec, before: PublishError): PublishError {
    const what = `${to.name} of broker '${this.#broker}' was not written yet, for what stands before it was not confirmed: ${before.message}`;
    return new PublishError('MULTI_BROKER_NOT_CONNECTED', what, {
      broker: this.#broker,
      written: 'no',
      retryable: true,
    });
  }

  #unconfirmed(to: DestinationSpec, written: 'no' | 'maybe'): PublishError {
    const what = `Broker '${this.#broker}' did not confirm ${to.name} (scripted by failPublish)`;
    return new PublishError('MULTI_BROKER_PUBLISH_UNCONFIRMED', what, { broker: this.#broker, written });
  }

  get #broker(): string {
    return this.#io?.broker ?? '';
  }
}

function isWritten(outcome: Outcome): boolean {
  return 'receipt' in outcome || outcome.error.written === 'maybe';
}

/** Two keys of the same bytes are one. */
function nameOf(key: Outgoing['key']): string | undefined {
  return typeof key === 'object' ? Buffer.from(key).toString('latin1') : key;
}

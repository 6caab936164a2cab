import { sleep } from '../../async/index.js';
import { publishOf, readableBy } from '../../driver/index.js';
import type { DestinationSpec, Driver, DriverContext, Outcome, Outgoing } from '../../driver/index.js';
import type { Incoming, Intake, KeptMessages, Sink, SourceSpec } from '../../driver/index.js';
import { errorOf, type PublishError, publishErrorOf } from '../../errors/index.js';
import type { Connected, CrashPoint, Faults } from './faults.js';
import { FaultyKept } from './faulty-kept.js';
import { FaultyIntake } from './faulty-intake.js';
import type { Script } from './faulty-sink.js';
import type { ProcessPart, SimulatedProcess } from '../simulated-process.js';

/** The surroundings of a driver with faults. */
export interface FaultyHost {
  readonly faults: Faults;
  /** One for all brokers of a module. */
  readonly process: SimulatedProcess;
  /** Called when a publish is delayed; the returned function is called when it continues. */
  delayed(to: DestinationSpec, batch: readonly Outgoing[], dueAt: number): () => void;
}

/** Wraps a driver of any kind, and applies the faults scripted for its broker. */
export class FaultyDriver implements Driver, Connected, ProcessPart {
  private readonly intakes = new Set<FaultyIntake>();
  readonly readsByName = publishOf(this);
  readonly request?: NonNullable<Driver['request']>;
  readonly healthIssues?: NonNullable<Driver['healthIssues']>;
  readonly connectedTo?: NonNullable<Driver['connectedTo']>;
  readonly kept?: NonNullable<Driver['kept']>;
  private readonly script: Script;
  /** The life of the process in which this driver was made. */
  private readonly life: AbortSignal;
  private io: DriverContext | undefined;
  private down = false;
  private stopWaiting: (() => void) | undefined;
  backAt: number | undefined;
  private released: (() => void) | undefined;

  constructor(
    private readonly inner: Driver,
    private readonly host: FaultyHost,
  ) {
    const { faults } = host;
    this.life = host.process.signal;
    this.script = {
      survives: () => this.survives('before-settle'),
      get duplicates() {
        return faults.duplicates;
      },
      takesDuplicate: () => faults.takesDuplicate(),
    };
    // Delivery checks whether the driver has one.
    if (inner.request !== undefined) this.request = (to, message, signal) => this.requestThrough(to, message, signal);
    if (inner.kept !== undefined) this.kept = (...args) => this.keptThrough(...args);
    if (inner.connectedTo !== undefined) this.connectedTo = () => inner.connectedTo?.();
    if (inner.healthIssues !== undefined) this.healthIssues = () => inner.healthIssues?.() ?? [];
  }

  async connect(io: DriverContext, signal: AbortSignal): Promise<void> {
    this.life.throwIfAborted();
    if (this.host.faults.takesStart()) throw new Error('connect ECONNREFUSED (scripted by failStart)');
    await this.inner.connect(io, signal);
    this.io = io;
    this.host.faults.connected(this);
    this.released = this.host.process.register(this);
  }

  async subscribe(sources: readonly SourceSpec[], sink: Sink, signal: AbortSignal): Promise<Intake> {
    const begin = (own: Sink, by: AbortSignal): Promise<Intake> => this.inner.subscribe(sources, own, by);
    const closed = (): void => void this.intakes.delete(reading);
    const reading: FaultyIntake = new FaultyIntake(begin, closed, sink, this.script);
    this.life.throwIfAborted();
    if (!this.down) await reading.open(signal);
    if (this.life.aborted) await reading.lose(this.life.reason as Error);
    this.life.throwIfAborted();
    this.intakes.add(reading);
    return reading;
  }

  async publish(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    await this.slowly(to, batch);
    if (!this.survives('before-publish')) return batch.map(() => ({ error: this.cutOff(to, 'no') }));
    const outcomes = await this.writeAll(to, batch);
    const alive = outcomes.some(isWritten) ? this.survives('after-publish') : !this.life.aborted;
    return alive ? outcomes : outcomes.map((one) => ({ error: this.cutOff(to, isWritten(one) ? 'maybe' : 'no') }));
  }

  async close(): Promise<void> {
    this.released?.();
    this.stopWaiting?.();
    this.host.faults.closed(this);
    await this.inner.close();
  }

  native(): unknown {
    return this.inner.native();
  }

  async drop(): Promise<void> {
    if (this.down || this.life.aborted) return;
    this.down = true;
    const why = new Error('connection closed (scripted by dropConnection)');
    this.io?.state('reconnecting', why);
    await Promise.all([...this.intakes].map((reading) => reading.lose(why)));
  }

  async restore(): Promise<void> {
    this.restoreIn(undefined);
    if (!this.down || this.life.aborted) return;
    this.down = false;
    await Promise.all([...this.intakes].map((reading) => reading.open(this.life)));
    // The process may have died in the meantime.
    if (this.isAlive()) this.io?.state('up');
  }

  restoreIn(ms: number | undefined): void {
    this.stopWaiting?.();
    this.stopWaiting = undefined;
    this.backAt = undefined;
    if (ms === undefined || this.io === undefined) return;
    const { clock } = this.io;
    this.backAt = clock.now() + ms;
    this.stopWaiting = clock.after(ms, () => void this.restore(), 'connection comes back');
  }

  killed(reason: Error): void {
    this.restoreIn(undefined);
    for (const reading of this.intakes) void reading.lose(reason).catch(() => undefined);
    this.io?.state('lost', reason);
  }

  private isAlive(): boolean {
    return !this.life.aborted;
  }

  /** Whether the process survives this point. */
  private survives(point: CrashPoint): boolean {
    if (!this.life.aborted && this.host.faults.takesCrash(point)) {
      const what = `The process has crashed (scripted by crashAt '${point}' of broker '${this.broker}')`;
      this.host.process.kill(new Error(what));
    }
    return !this.life.aborted;
  }

  private async slowly(to: DestinationSpec, batch: readonly Outgoing[]): Promise<void> {
    const { slowMs } = this.host.faults;
    if (slowMs <= 0 || this.io === undefined) return;
    const { clock } = this.io;
    const goOn = this.host.delayed(to, batch, clock.now() + slowMs);
    await sleep(clock, slowMs, this.life, 'publish');
    goOn();
  }

  private async writeAll(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    // The batch is not split without need: drivers pick partitions of messages without a key by batch.
    if (!this.down && !this.host.faults.failsPublishes) return this.writeInner(to, batch);
    const outcomes: Outcome[] = [];
    const behind = new Map<string | undefined, PublishError>();
    for (const message of batch) {
      const before = behind.get(nameOf(message.key));
      const outcome = before === undefined ? await this.write(to, message) : { error: this.leftBehind(to, before) };
      outcomes.push(outcome);
      if ('error' in outcome && outcome.error.retryable) behind.set(nameOf(message.key), outcome.error);
    }
    return outcomes;
  }

  private async write(to: DestinationSpec, message: Outgoing): Promise<Outcome> {
    if (this.life.aborted) return { error: this.cutOff(to, 'no') };
    if (this.down) return { error: this.notConnected(to) };
    const fault = this.host.faults.takePublish(to.address);
    if (fault === 'no') return { error: this.unconfirmed(to, fault) };
    const [outcome] = await this.writeInner(to, [message]);
    if (fault === 'maybe') return { error: this.unconfirmed(to, fault) };
    return outcome ?? { error: this.unconfirmed(to, 'maybe') };
  }

  private writeInner(to: DestinationSpec, batch: readonly Outgoing[]): Promise<readonly Outcome[]> {
    return this.inner.publish(to, readableBy(this.inner, batch));
  }

  private async requestThrough(to: DestinationSpec, message: Outgoing, signal: AbortSignal): Promise<Incoming> {
    if (!this.survives('before-publish')) throw this.cutOff(to, 'no');
    if (this.down) throw this.notConnected(to);
    const asked = this.inner.request?.(to, message, AbortSignal.any([signal, this.life]));
    // The request is sent by now; its reply has not arrived.
    this.survives('after-publish');
    try {
      const answer = await asked;
      if (answer === undefined) throw new TypeError('The driver has no request()');
      if (!this.life.aborted) return answer;
    } catch (thrown) {
      if (!this.life.aborted) throw thrown;
    }
    throw this.cutOff(to, 'maybe');
  }

  private async keptThrough(
    ...[source, access, signal]: Parameters<NonNullable<Driver['kept']>>
  ): Promise<KeptMessages> {
    const reached = (): void => {
      this.life.throwIfAborted();
      const params = { broker: this.broker, source: source.name };
      if (this.down) throw errorOf('MULTI_BROKER_NOT_CONNECTED.noConnectionUnread', params);
    };
    reached();
    const kept = await this.inner.kept?.(source, access, signal);
    if (kept === undefined) throw new TypeError('The driver has no kept()');
    return new FaultyKept(kept, reached);
  }

  private cutOff(to: DestinationSpec, written: 'no' | 'maybe'): PublishError {
    const { message } = this.life.reason as Error;
    const params = { destination: to.name, broker: this.broker, reason: message };
    return publishErrorOf('MULTI_BROKER_STOPPED.killedWhilePublishing', params, { written });
  }

  private notConnected(to: DestinationSpec): PublishError {
    const params = { broker: this.broker, destination: to.name };
    return publishErrorOf('MULTI_BROKER_NOT_CONNECTED.noConnectionUnwritten', params, { written: 'no' });
  }

  /** Keeps the order as a real driver does: a message behind one that is retried is not written before it. */
  private leftBehind(to: DestinationSpec, before: PublishError): PublishError {
    const params = { destination: to.name, broker: this.broker, reason: before.message };
    return publishErrorOf('MULTI_BROKER_NOT_CONNECTED.twinBehind', params, { written: 'no', retryable: true });
  }

  private unconfirmed(to: DestinationSpec, written: 'no' | 'maybe'): PublishError {
    const params = { broker: this.broker, destination: to.name };
    return publishErrorOf('MULTI_BROKER_PUBLISH_UNCONFIRMED.failPublish', params, { written });
  }

  private get broker(): string {
    return this.io?.broker ?? '';
  }
}

function isWritten(outcome: Outcome): boolean {
  return 'receipt' in outcome || outcome.error.written === 'maybe';
}

/** Keys of the same bytes are equal. */
function nameOf(key: Outgoing['key']): string | undefined {
  return typeof key === 'object' ? Buffer.from(key).toString('latin1') : key;
}

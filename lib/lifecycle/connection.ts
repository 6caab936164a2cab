import { type BrokerDefinition, type ConnectionState, type Driver, type Io, sleep } from '../driver/index.js';
import { asError, isMultiBrokerError, MultiBrokerError } from '../errors/index.js';
import { untilAborted } from './deadline.js';
import type { DriverSource } from './driver-source.js';

/** How long a start waits before it dials again, in milliseconds. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2_000;

/** What a connection is made of. */
export interface ConnectionHost {
  readonly definition: BrokerDefinition;
  readonly drivers: DriverSource;
  readonly io: Omit<Io, 'state' | 'broker'>;
  /** The module's option. */
  inMemory(): boolean;
  /** It has come up, for the first time or again. */
  cameUp(): void;
}

/** One broker's connection: made once however many ask for it, and made anew after it failed or was closed. */
export class Connection {
  /** The connected driver; undefined while there is none. */
  driver: Driver | undefined;
  state: ConnectionState | 'none' = 'none';
  /** Why it is not up. */
  cause: Error | undefined;
  private opening: Promise<Driver> | undefined;
  private trying: AbortController | undefined;
  private closing: Promise<void> | undefined;
  /** It was told that the start waits for it. */
  private isAwaited = false;
  /** Whether the last failure was told by the driver itself, which knows whether the server may come. */
  private isAwaitable = false;
  /** Counts how often it was closed. */
  private life = 0;

  constructor(private readonly host: ConnectionHost) {}

  get isOpening(): boolean {
    return this.opening !== undefined;
  }

  /** Rejects with MULTI_BROKER_CONNECT_FAILED, or with the signal's reason. */
  connect(signal: AbortSignal): Promise<Driver> {
    if (this.driver !== undefined) return Promise.resolve(this.driver);
    this.opening ??= this.openOnce(signal);
    return untilAborted(this.opening, signal);
  }

  /**
   * As {@link connect}, and where the server is not there yet again and again: containers start in any order. Where
   * another try cannot help, or `giveUp` says so, it rejects with why the last one failed.
   */
  async connectInTime(signal: AbortSignal, giveUp?: AbortSignal): Promise<Driver> {
    const over = giveUp === undefined ? signal : AbortSignal.any([signal, giveUp]);
    const isOver = (): boolean => over.aborted;
    let before: Error | undefined;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        return await this.connect(signal);
      } catch (thrown) {
        // A deadline says nothing of what was waited for.
        const cause = isTimeOut(thrown) ? (before ?? thrown) : thrown;
        if (isOver() || !this.mayCome(thrown)) throw cause;
        before = asError(thrown);
        this.tellAwaited(before);
      }
      await sleep(this.host.io.clock, waitMs, over);
      if (isOver()) throw isTimeOut(over.reason) || giveUp?.aborted === true ? before : over.reason;
    }
  }

  /** The driver has to say so. Where nobody moves the clock there is nothing to wait for. */
  private mayCome(thrown: unknown): boolean {
    if (this.host.drivers.clockStands || !isMultiBrokerError(thrown)) return false;
    return this.isAwaitable && thrown.code === 'MULTI_BROKER_CONNECT_FAILED' && thrown.retryable;
  }

  private tellAwaited({ message }: Error): void {
    const { log } = this.host.io;
    if (this.isAwaited) log.debug(`${this.named} is not there yet: ${message}`);
    else log.warn(`${this.named} is not there yet; the start waits for it: ${message}`);
    this.isAwaited = true;
  }

  /** Tries until it is up or closed; for brokers that may come later. `tried` is called after each try. */
  async keepTrying(tried: () => void): Promise<void> {
    this.trying ??= new AbortController();
    const { signal } = this.trying;
    for (let waitMs = 500; !signal.aborted && this.driver === undefined; waitMs = Math.min(waitMs * 2, 10_000)) {
      try {
        await this.connect(signal);
        tried();
      } catch (thrown) {
        tried();
        this.host.io.log.debug(`${this.named} is not up yet: ${asError(thrown).message}`);
        await sleep(this.host.io.clock, waitMs, signal);
      }
    }
  }

  /** Never rejects; the driver's own `close` is bounded by who calls this. */
  close(): Promise<void> {
    this.closing ??= this.runClose().finally(() => {
      this.closing = undefined;
    });
    return this.closing;
  }

  private async runClose(): Promise<void> {
    this.trying?.abort(this.closed());
    this.trying = undefined;
    const { driver, opening } = this;
    this.driver = undefined;
    this.opening = undefined;
    this.state = 'none';
    this.life++;
    await Promise.all([opening?.catch(() => undefined), driver && this.closeDriver(driver)]);
  }

  private async closeDriver(driver: Driver): Promise<void> {
    try {
      await driver.close();
    } catch (thrown) {
      this.host.io.log.warn(`${this.named} was not closed cleanly: ${asError(thrown).message}`);
    }
  }

  private get named(): string {
    return `Broker '${this.host.definition.name}'`;
  }

  private openOnce(signal: AbortSignal): Promise<Driver> {
    const opening = this.open(signal).finally(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    return opening;
  }

  private async open(signal: AbortSignal): Promise<Driver> {
    const { definition, drivers } = this.host;
    const { life } = this;
    try {
      const driver = await drivers.open(definition, this.host.inMemory());
      await driver.connect(this.ioOf(driver), signal);
      await this.refuseLate(driver, life);
      this.driver = driver;
      this.isAwaited = false;
      this.changed('up');
      return driver;
    } catch (thrown) {
      this.isAwaitable = isMultiBrokerError(thrown);
      this.cause = this.failure(asError(thrown));
      throw this.cause;
    }
  }

  /** A driver that did not heed its signal: meanwhile the connection was closed, and may be open anew. */
  private async refuseLate(driver: Driver, life: number): Promise<void> {
    if (life === this.life) return;
    await this.closeDriver(driver);
    throw this.closed();
  }

  private ioOf(driver: Driver): Io {
    return {
      ...this.host.io,
      broker: this.host.definition.name,
      state: (now, cause) => {
        if (this.driver === driver) this.changed(now, cause);
      },
    };
  }

  private changed(now: ConnectionState, cause?: Error): void {
    const before = this.state;
    this.state = now;
    this.cause = cause;
    this.tell(before, now, cause);
    if (now === 'up') this.host.cameUp();
  }

  private tell(before: ConnectionState | 'none', now: ConnectionState, cause: Error | undefined): void {
    const { log } = this.host.io;
    const why = cause === undefined ? '' : `: ${cause.message}`;
    if (now === 'up') log.info(`${this.named} is ${before === 'none' ? 'connected' : 'connected again'}`);
    else if (now === 'reconnecting') log.warn(`${this.named} lost its connection and reconnects${why}`);
    else log.error(`${this.named} is lost${why}`, cause);
  }

  private failure(cause: Error): Error {
    if (isMultiBrokerError(cause)) return cause;
    const what = `${this.named} (${this.host.definition.kind}) could not connect: ${cause.message}`;
    return new MultiBrokerError('MULTI_BROKER_CONNECT_FAILED', what, { broker: this.host.definition.name, cause });
  }

  private closed(): Error {
    return new MultiBrokerError('MULTI_BROKER_STOPPED', `${this.named} was stopped`);
  }
}

const isTimeOut = (thrown: unknown): boolean =>
  isMultiBrokerError(thrown) && thrown.code === 'MULTI_BROKER_START_TIMEOUT';

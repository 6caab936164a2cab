import type { BrokerDefinition, ConnectionState, Driver, DriverContext } from '../driver/index.js';
import { asError, errorOf, isMultiBrokerError } from '../errors/index.js';
import { Backoff, type LazyAbortController, sleep, untilAborted } from '../async/index.js';
import { traceRebalance } from './rebalance-trace.js';
import type { BrokerRuntime } from './runtime.js';

/** First delay of a start before it tries to connect again, in milliseconds. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2_000;

/** Dependencies of a {@link Connection}. */
export interface ConnectionHost {
  readonly definition: BrokerDefinition;
  readonly drivers: BrokerRuntime;
  readonly io: Omit<DriverContext, 'state' | 'broker'>;
  /** The module's `inMemory` option. */
  inMemory(): boolean;
  /** Called when the connection comes up, for the first time or after a loss. */
  cameUp(): void;
}

/** One broker's connection, shared by all callers of `connect()`; reconnects on demand after a failure or a close. */
export class Connection {
  /** The connected driver; undefined while there is none. */
  driver: Driver | undefined;
  state: ConnectionState | 'none' = 'none';
  /** Why the connection is not up. */
  cause: Error | undefined;
  private opening: Promise<Driver> | undefined;
  private trying: AbortController | undefined;
  private closing: Promise<void> | undefined;
  /** The log already says that the start waits for this broker. */
  private isAwaited = false;
  /** Whether the driver itself reported the last failure: it knows whether another try can help. */
  private isAwaitable = false;
  /** Incremented by each close, so that a connection that arrives late is recognized. */
  private closeCount = 0;

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
   * Like {@link connect}, but retries while the server is not up yet, since containers start in any order. Rejects with
   * the last failure if another try cannot help or `giveUp` is aborted.
   */
  async connectInTime(signal: AbortSignal, giveUp?: LazyAbortController): Promise<Driver> {
    // Made at the first failure: a start whose brokers are up needs none.
    let over: AbortSignal | undefined;
    const isOver = (): boolean => signal.aborted || giveUp?.aborted === true;
    let before: Error | undefined;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    for (;;) {
      try {
        return await this.connect(signal);
      } catch (thrown) {
        // The last failure says more than a time-out.
        const cause = isTimeOut(thrown) ? (before ?? thrown) : thrown;
        if (isOver() || !this.mayCome(thrown)) throw cause;
        before = asError(thrown);
        this.warnAwaited(before);
      }
      over ??= giveUp === undefined ? signal : AbortSignal.any([signal, giveUp.signal]);
      await sleep(this.host.io.clock, backoff.next(), over);
      if (isOver()) throw isTimeOut(over.reason) || giveUp?.aborted === true ? before : over.reason;
    }
  }

  /** Whether another try may help: only the driver knows. On a test clock that stands still, waiting cannot help. */
  private mayCome(thrown: unknown): boolean {
    if (this.host.drivers.clockStands || !isMultiBrokerError(thrown)) return false;
    return this.isAwaitable && thrown.code === 'MULTI_BROKER_CONNECT_FAILED' && thrown.retryable;
  }

  private warnAwaited({ message }: Error): void {
    const { log } = this.host.io;
    if (this.isAwaited) log.debug(`${this.named} is not up yet: ${message}`);
    else log.warn(`${this.named} is not up yet, retrying until the start times out: ${message}`);
    this.isAwaited = true;
  }

  /** Retries until the connection is up or closed, for optional brokers. Calls `tried` after each try. */
  async keepTrying(tried: () => void): Promise<void> {
    this.trying ??= new AbortController();
    const { signal } = this.trying;
    const backoff = new Backoff(500, 10_000);
    while (!signal.aborted && this.driver === undefined) {
      try {
        await this.connect(signal);
        tried();
      } catch (thrown) {
        tried();
        this.host.io.log.debug(`${this.named} is not up yet: ${asError(thrown).message}`);
        await sleep(this.host.io.clock, backoff.next(), signal);
      }
    }
  }

  /** Never rejects. It has no time limit of its own: the caller sets one. */
  close(): Promise<void> {
    this.closing ??= this.runClose();
    return this.closing;
  }

  private async runClose(): Promise<void> {
    this.trying?.abort(this.closed());
    this.trying = undefined;
    const { driver, opening } = this;
    this.driver = undefined;
    this.opening = undefined;
    this.state = 'none';
    this.closeCount++;
    await Promise.all([opening?.catch(() => undefined), driver && this.closeDriver(driver)]);
    this.closing = undefined;
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
    const { closeCount } = this;
    try {
      const driver = await drivers.open(definition, this.host.inMemory());
      await driver.connect(this.ioOf(driver), signal);
      await this.refuseLate(driver, closeCount);
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

  /** Closes a driver that ignored its signal: the connection was closed meanwhile, and may have been reopened. */
  private async refuseLate(driver: Driver, closeCount: number): Promise<void> {
    if (closeCount === this.closeCount) return;
    await this.closeDriver(driver);
    throw this.closed();
  }

  private ioOf(driver: Driver): DriverContext {
    return {
      ...this.host.io,
      broker: this.host.definition.name,
      state: (now, cause) => {
        if (this.driver === driver) this.changed(now, cause);
      },
      rebalanced: (group) => traceRebalance(this.host.drivers, this.host.definition, group),
    };
  }

  private changed(now: ConnectionState, cause?: Error): void {
    const before = this.state;
    this.state = now;
    this.cause = cause;
    this.logChange(before, now, cause);
    if (now === 'up') this.host.cameUp();
  }

  private logChange(before: ConnectionState | 'none', now: ConnectionState, cause: Error | undefined): void {
    const { log } = this.host.io;
    const why = cause === undefined ? '' : `: ${cause.message}`;
    if (now === 'up') log.info(`${this.named} is ${before === 'none' ? 'connected' : 'reconnected'}`);
    else if (now === 'reconnecting') log.warn(`${this.named} lost its connection, reconnecting${why}`);
    else log.error(`${this.named} is disconnected for good${why}`, cause);
  }

  private failure(cause: Error): Error {
    if (isMultiBrokerError(cause)) return cause;
    const { name: broker, kind } = this.host.definition;
    return errorOf('MULTI_BROKER_CONNECT_FAILED.driver', { broker, kind, reason: cause.message }, { cause });
  }

  private closed(): Error {
    return errorOf('MULTI_BROKER_STOPPED.broker', { broker: this.host.definition.name });
  }
}

const isTimeOut = (thrown: unknown): boolean =>
  isMultiBrokerError(thrown) && thrown.code === 'MULTI_BROKER_START_TIMEOUT';

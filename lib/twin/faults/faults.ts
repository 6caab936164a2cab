import { requireDuration } from '../../errors/index.js';

/** How the next publishes fail. */
export interface FailPublish {
  /** Number of publishes that fail. */
  readonly times: number;
  /** Only publishes to this topic or subject fail. Default: all. */
  readonly destination?: string;
  /** `maybe`: it was written, but the confirmation was lost, so that a retry makes a duplicate. Default `no`. */
  readonly written?: 'no' | 'maybe';
}

/**
 * Where the process dies. `before-publish`: nothing of the publish is written. `after-publish`: it is written, but not
 * confirmed. `before-settle`: the handler and its publishes are done, but the message is not settled.
 */
export type CrashPoint = 'before-publish' | 'after-publish' | 'before-settle';

/** Faults of one broker, set by a test. */
export interface BrokerFault {
  /** The next connects fail as if the server were down. Set it before the application starts. Default: one. */
  failStart(options?: { readonly times?: number }): void;
  /**
   * The connection is lost, for `forMs` of the clock or until {@link restore}: publishes fail and are retried,
   * nothing is read, and sources without storage (core NATS) miss what is published in the meantime.
   */
  dropConnection(options?: { readonly forMs?: number }): Promise<void>;
  /** Restores the connection, and every source with it. */
  restore(): Promise<void>;
  /** The next publishes are not confirmed; a retry may succeed. */
  failPublish(options: FailPublish): void;
  /** Every publish takes this long by the clock, in milliseconds; 0 ends the fault. */
  slowPublish(ms: number): void;
  /**
   * The next messages for handlers of this broker are delivered twice each, as by a server: with the same `message.id`,
   * and on JetStream counted as a redelivery. Default: one message.
   */
  duplicateNext(times?: number): void;
  /**
   * The process of the application dies at the next publish or settlement on this broker. From then on nothing from it
   * reaches any broker, nothing is nacked, no handler is called, and publishes fail with MULTI_BROKER_STOPPED.
   * `harness.restart()` restarts it.
   */
  crashAt(point: CrashPoint): void;
}

/** A connection that can be dropped and restored. */
export interface Connected {
  drop(): Promise<void>;
  restore(): Promise<void>;
  /** Restores it after `ms`; undefined: only by {@link restore}. Replaces an earlier call. */
  restoreIn(ms: number | undefined): void;
  /** When it will be restored, by the clock; undefined if that is open, or it is not down. */
  readonly backAt: number | undefined;
}

/** The faults scripted for one broker; they outlive its connections. */
export class Faults implements BrokerFault {
  slowMs = 0;
  private startsLeft = 0;
  private publishes: (FailPublish & { left: number })[] = [];
  private duplicatesLeft = 0;
  private readonly crashes = new Set<CrashPoint>();
  private connection: Connected | undefined;

  failStart({ times = 1 }: { readonly times?: number } = {}): void {
    this.startsLeft = times;
  }

  async dropConnection({ forMs }: { readonly forMs?: number } = {}): Promise<void> {
    if (forMs !== undefined) {
      requireDuration(forMs, 'dropConnection(): forMs', 'forDropConnection');
    }
    await this.connection?.drop();
    this.connection?.restoreIn(forMs);
  }

  async restore(): Promise<void> {
    await this.connection?.restore();
  }

  failPublish(options: FailPublish): void {
    this.publishes.push({ ...options, left: options.times });
  }

  slowPublish(ms: number): void {
    requireDuration(ms, 'slowPublish()', 'forSlowPublish');
    this.slowMs = ms;
  }

  duplicateNext(times = 1): void {
    this.duplicatesLeft = times;
  }

  crashAt(point: CrashPoint): void {
    this.crashes.add(point);
  }

  /** When a dropped connection will be restored. */
  get backAt(): number | undefined {
    return this.connection?.backAt;
  }

  connected(connection: Connected): void {
    this.connection = connection;
  }

  closed(connection: Connected): void {
    if (this.connection === connection) this.connection = undefined;
  }

  /** Whether the process has to die at this point. */
  takesCrash(point: CrashPoint): boolean {
    return this.crashes.delete(point);
  }

  /** Whether a message is still to be delivered twice. */
  get duplicates(): boolean {
    return this.duplicatesLeft > 0;
  }

  /** Whether this message is to be delivered twice. */
  takesDuplicate(): boolean {
    if (this.duplicatesLeft === 0) return false;
    this.duplicatesLeft--;
    return true;
  }

  /** Whether this connect has to fail. */
  takesStart(): boolean {
    if (this.startsLeft === 0) return false;
    this.startsLeft--;
    return true;
  }

  /** Whether a publish is still to fail. */
  get failsPublishes(): boolean {
    return this.publishes.some(({ left }) => left > 0);
  }

  /** How the next publish to this address fails; undefined if it does not. */
  takePublish(address: string): 'no' | 'maybe' | undefined {
    const fault = this.publishes.find(({ left, destination = address }) => left > 0 && destination === address);
    if (fault === undefined) return undefined;
    fault.left--;
    return fault.written ?? 'no';
  }
}

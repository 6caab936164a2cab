import { requireDuration } from '../errors/index.js';

/** What the next publishes fail with. */
export interface FailPublish {
  /** How many. */
  readonly times: number;
  /** Only those to this topic or subject. Default: all. */
  readonly destination?: string;
  /** `maybe`: it was written, and the confirmation was lost; a repeat makes a duplicate. Default `no`. */
  readonly written?: 'no' | 'maybe';
}

/**
 * Where the process dies. `before-publish`: nothing of the publish is written. `after-publish`: it is written, and
 * nobody hears of it. `before-settle`: the handler and its publishes are done, and the server does not learn of it.
 */
export type CrashPoint = 'before-publish' | 'after-publish' | 'before-settle';

/** The faults of one broker, as a test sets them. */
export interface BrokerFault {
  /** The next connects fail as with a server that is not there. Set it before the application starts. Default: one. */
  failStart(options?: { readonly times?: number }): void;
  /**
   * The connection is gone, for `forMs` of the clock or until {@link restore}: publishes fail and are tried again,
   * nothing is read, and what keeps no messages (core NATS) misses what is published meanwhile.
   */
  dropConnection(options?: { readonly forMs?: number }): Promise<void>;
  /** The connection is back, every source with it. */
  restore(): Promise<void>;
  /** The next publishes are not confirmed, though they may succeed if they are tried again. */
  failPublish(options: FailPublish): void;
  /** Every publish takes so long by the clock, in milliseconds; 0 ends it. */
  slowPublish(ms: number): void;
  /**
   * The next messages that come to handlers of this broker come once more each, as a server sends them again: with
   * the same `message.id`, and on JetStream counted as a redelivery. Default: one message.
   */
  duplicateNext(times?: number): void;
  /**
   * The process of the application dies at the next publish or settlement on this broker. From then on nothing of it
   * reaches any broker, nothing is given back, no handler is called, and publishes fail with MULTI_BROKER_STOPPED.
   * `harness.restart()` starts it again.
   */
  crashAt(point: CrashPoint): void;
}

/** Of one connection: how it goes down and comes back. */
export interface Connected {
  drop(): Promise<void>;
  restore(): Promise<void>;
  /** By itself; undefined: only when it is told. What was said before holds no longer. */
  comesBackIn(ms: number | undefined): void;
  /** When, by the clock; undefined where that is open, or it is not down. */
  readonly backAt: number | undefined;
}

/** The script of one broker; it outlives its connections. */
export class Faults implements BrokerFault {
  slowMs = 0;
  #starts = 0;
  #publishes: (FailPublish & { left: number })[] = [];
  #duplicates = 0;
  readonly #crashes = new Set<CrashPoint>();
  #connected: Connected | undefined;

  failStart({ times = 1 }: { readonly times?: number } = {}): void {
    this.#starts = times;
  }

  async dropConnection({ forMs }: { readonly forMs?: number } = {}): Promise<void> {
    if (forMs !== undefined) {
      requireDuration(forMs, 'dropConnection(): forMs', 'leave it out to keep the connection down until restore()');
    }
    await this.#connected?.drop();
    this.#connected?.comesBackIn(forMs);
  }

  async restore(): Promise<void> {
    await this.#connected?.restore();
  }

  failPublish(options: FailPublish): void {
    this.#publishes.push({ ...options, left: options.times });
  }

  slowPublish(ms: number): void {
    requireDuration(ms, 'slowPublish()', 'give 0 to end it');
    this.slowMs = ms;
  }

  duplicateNext(times = 1): void {
    this.#duplicates = times;
  }

  crashAt(point: CrashPoint): void {
    this.#crashes.add(point);
  }

  /** When a dropped connection comes back by itself. */
  get backAt(): number | undefined {
    return this.#connected?.backAt;
  }

  connected(connection: Connected): void {
    this.#connected = connection;
  }

  closed(connection: Connected): void {
    if (this.#connected === connection) this.#connected = undefined;
  }

  /** Whether the process is to die here. */
  takesCrash(point: CrashPoint): boolean {
    return this.#crashes.delete(point);
  }

  /** Whether some message to come is to come twice. */
  get duplicates(): boolean {
    return this.#duplicates > 0;
  }

  /** Whether this message is to come twice. */
  takesDuplicate(): boolean {
    if (this.#duplicates === 0) return false;
    this.#duplicates--;
    return true;
  }

  /** Whether this connect is to fail. */
  takesStart(): boolean {
    if (this.#starts === 0) return false;
    this.#starts--;
    return true;
  }

  /** Whether some publish to come is to fail. */
  get failsPublishes(): boolean {
    return this.#publishes.some(({ left }) => left > 0);
  }

  /** How the next publish to this address fails; undefined where it does not. */
  takePublish(address: string): 'no' | 'maybe' | undefined {
    const fault = this.#publishes.find(({ left, destination = address }) => left > 0 && destination === address);
    if (fault === undefined) return undefined;
    fault.left--;
    return fault.written ?? 'no';
  }
}

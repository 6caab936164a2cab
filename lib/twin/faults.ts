/** What the next publishes fail with. */
export interface FailPublish {
  /** How many. */
  readonly times: number;
  /** Only those to this topic or subject. Default: all. */
  readonly destination?: string;
  /** `maybe`: it was written, and the confirmation was lost; a repeat makes a duplicate. Default `no`. */
  readonly written?: 'no' | 'maybe';
}

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
}

/** Of one connection: how it goes down and comes back. */
export interface Connected {
  drop(): Promise<void>;
  restore(): Promise<void>;
  after(ms: number, then: () => void): void;
}

/** The script of one broker; it outlives its connections. */
export class Faults implements BrokerFault {
  slowMs = 0;
  #starts = 0;
  #publishes: (FailPublish & { left: number })[] = [];
  #connected: Connected | undefined;

  failStart({ times = 1 }: { readonly times?: number } = {}): void {
    this.#starts = times;
  }

  async dropConnection({ forMs }: { readonly forMs?: number } = {}): Promise<void> {
    await this.#connected?.drop();
    if (forMs !== undefined) this.#connected?.after(forMs, () => void this.restore());
  }

  async restore(): Promise<void> {
    await this.#connected?.restore();
  }

  failPublish(options: FailPublish): void {
    this.#publishes.push({ ...options, left: options.times });
  }

  slowPublish(ms: number): void {
    this.slowMs = ms;
  }

  connected(connection: Connected | undefined): void {
    this.#connected = connection;
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

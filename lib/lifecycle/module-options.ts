/** Options of `MultiBrokerModule.forRoot(definitions, options)`. */
export interface MultiBrokerOptions {
  /** Name of the default broker. Default: the first definition. */
  readonly default?: string;
  /** Start with the application. Default `true`; with `false` call `MultiBroker.start()` yourself. */
  readonly autoStart?: boolean;
  /** Every broker is its in-memory twin: local development without servers. Default `false`. */
  readonly inMemory?: boolean;
  /** How long a start may take in all, in milliseconds. Default 30,000. */
  readonly startTimeoutMs?: number;
  /** Budget of a stop over all its phases, in milliseconds. Default 10,000. */
  readonly shutdownTimeoutMs?: number;
  /**
   * Brokers may be added after the start, and handlers may wait for brokers that are not there yet. Default `false`.
   */
  readonly allowLateBrokers?: boolean;
  /** How many brokers a message may cross before it counts as a loop. Default 16. */
  readonly maxHops?: number;
}

/** The options with every default filled in. */
export type ResolvedOptions = Required<Omit<MultiBrokerOptions, 'default'>> & Pick<MultiBrokerOptions, 'default'>;

/** Fills the defaults in. */
export function resolveOptions(options: MultiBrokerOptions = {}): ResolvedOptions {
  return {
    autoStart: true,
    inMemory: false,
    startTimeoutMs: 30_000,
    shutdownTimeoutMs: 10_000,
    allowLateBrokers: false,
    maxHops: 16,
    ...options,
  };
}

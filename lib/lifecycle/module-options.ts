import { MultiBrokerError, type OptionNames, unknownOptions } from '../errors/index.js';

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
  /**
   * Whether the application's own guards, interceptors, pipes and filters (`APP_*`, `useGlobal*()`) run for messages, where
   * a handler says nothing else. Default: they do, as in Nest, and a warning at the start names them; `true` means that they
   * are made for it, and is not warned of. `false`: those of class and method alone do.
   */
  readonly globalEnhancers?: boolean;
}

/** The options with every default filled in. */
export interface ResolvedOptions
  extends
    Required<Omit<MultiBrokerOptions, 'default' | 'globalEnhancers'>>,
    Pick<MultiBrokerOptions, 'default' | 'globalEnhancers'> {
  /** What was given that is no option, a sentence each. */
  readonly unknown: readonly string[];
}

const NAMES: OptionNames<MultiBrokerOptions> = {
  default: true,
  autoStart: true,
  inMemory: true,
  startTimeoutMs: true,
  shutdownTimeoutMs: true,
  allowLateBrokers: true,
  maxHops: true,
  globalEnhancers: true,
};

/** Fills the defaults in, also for what is given as undefined: configuration that is not set. */
export function resolveOptions(options: MultiBrokerOptions = {}): ResolvedOptions {
  return {
    ...(options.default !== undefined && { default: options.default }),
    ...(options.globalEnhancers !== undefined && { globalEnhancers: options.globalEnhancers }),
    autoStart: options.autoStart ?? true,
    inMemory: options.inMemory ?? false,
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
    shutdownTimeoutMs: options.shutdownTimeoutMs ?? 10_000,
    allowLateBrokers: options.allowLateBrokers ?? false,
    maxHops: options.maxHops ?? 16,
    unknown: unknownOptions(options, NAMES),
  };
}

/** Numbers often come from the environment: a time-out that is none would end every start at once. */
export function moduleOptionProblems(options: ResolvedOptions): MultiBrokerError[] {
  return [
    ...options.unknown.map(problem),
    ...invalid('startTimeoutMs', options.startTimeoutMs, 'more than 0', (ms) => ms > 0),
    ...invalid('shutdownTimeoutMs', options.shutdownTimeoutMs, '0 or more', (ms) => ms >= 0),
    ...invalid('maxHops', options.maxHops, 'a whole number from 1', (hops) => Number.isInteger(hops) && hops >= 1),
  ];
}

function invalid(name: string, value: unknown, expected: string, test: (value: number) => boolean): MultiBrokerError[] {
  if (typeof value === 'number' && test(value)) return [];
  return [problem(`the option ${name} must be ${expected}, not ${String(value)}`)];
}

function problem(what: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', `MultiBrokerModule.forRoot(): ${what}`);
}

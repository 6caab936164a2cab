import {
  errorAt,
  type MultiBrokerError,
  type OptionNames,
  type Problem,
  problemOf,
  unknownOptions,
} from '../errors/index.js';

/** Options of `MultiBrokerModule.forRoot(definitions, options)`. */
export interface MultiBrokerOptions {
  /** Name of the default broker. Default: the first definition. */
  readonly default?: string;
  /** Start with the application. Default `true`; with `false` call `MultiBroker.start()` yourself. */
  readonly autoStart?: boolean;
  /** Every broker is its in-memory twin: local development without servers. Default `false`. */
  readonly inMemory?: boolean;
  /** Time limit of a start, in milliseconds. Default 30,000. */
  readonly startTimeoutMs?: number;
  /** Time limit of a stop with all its phases, in milliseconds. Default 10,000. */
  readonly shutdownTimeoutMs?: number;
  /**
   * Brokers may be added after the start, and handlers may wait for brokers that do not exist yet. Default `false`.
   */
  readonly allowLateBrokers?: boolean;
  /** How many brokers a message may cross before it counts as a loop. Default 16. */
  readonly maxHops?: number;
  /**
   * Whether global guards, interceptors, pipes and filters (`APP_*`, `useGlobal*()`) run for messages, unless a handler
   * overrides it. By default they do, as in Nest, and a warning at the start names them; `true` declares that they are
   * meant for messages, and turns the warning off. With `false`, only those of class and method run.
   */
  readonly globalEnhancers?: boolean;
}

/** The options with every default filled in. */
export interface ResolvedOptions
  extends
    Required<Omit<MultiBrokerOptions, 'default' | 'globalEnhancers'>>,
    Pick<MultiBrokerOptions, 'default' | 'globalEnhancers'> {
  /** Complaints about unknown options, one sentence each. */
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

/** Applies the defaults, also where an option is undefined, as unset configuration is. */
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

/** Checks numbers, which often come from the environment: a time-out of NaN would end every start at once. */
export function moduleOptionProblems(options: ResolvedOptions): MultiBrokerError[] {
  return [
    ...options.unknown.map((unknown) =>
      problem(problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown })),
    ),
    ...invalid('startTimeoutMs', options.startTimeoutMs, 'more than 0', (ms) => ms > 0),
    ...invalid('shutdownTimeoutMs', options.shutdownTimeoutMs, '0 or more', (ms) => ms >= 0),
    ...invalid('maxHops', options.maxHops, 'a whole number from 1', (hops) => Number.isInteger(hops) && hops >= 1),
  ];
}

function invalid(name: string, value: unknown, expected: string, test: (value: number) => boolean): MultiBrokerError[] {
  if (typeof value === 'number' && test(value)) return [];
  const params = { option: name, expected, value: typeof value === 'string' ? JSON.stringify(value) : String(value) };
  return [problem(problemOf('MULTI_BROKER_OPTION_INVALID.mustBe', params))];
}

function problem(found: Problem): MultiBrokerError {
  return errorAt('MultiBrokerModule.forRoot()', found);
}
